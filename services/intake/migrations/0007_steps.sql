-- How the dates came about, as deadline said it: a JSON array of steps, told to whoever holds the slip. Null in what was
-- heard before. Codes and days only.
alter table promises add column steps json;
