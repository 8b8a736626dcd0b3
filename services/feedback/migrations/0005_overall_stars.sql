-- Stars for the whole beside those for each of the 4 luôn. Who rated before, or rates as before, gave none.

alter table ratings add column overall smallint check (overall between 1 and 5);

-- By how many quarter stars the overall stars given lie above (below: negative) what those votes gave the
-- 4 luôn on average. A vote without overall stars adds nothing, so what was counted before stands as it was.
alter table tallies add column overall_apart bigint not null default 0;
