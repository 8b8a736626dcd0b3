-- At closing time very many clocks are due at one instant. The timer takes them by code, a set after the
-- other; the index has that order too, or each set would sort all that are still due.
drop index clocks_next_rung;
create index clocks_next_rung on clocks (next_rung_at, code, kind) where next_rung_at is not null;
