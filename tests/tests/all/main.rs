//! End-to-end tests: the real program, on real folders, one module for each topic.

/// Temp folder, clean environment, fixed clock, and `verify` after each step.
mod harness;

/// Every file of `fixtures/bad`: place, rule, remedy, exit code, and nothing written.
mod bad_input;
/// Every exit code of the design, each made once.
mod exit_codes;
/// Every file of `fixtures/odd` is accepted.
mod odd_input;
/// Tables, JSON, JSON Lines, CSV and Markdown hold the same rows.
mod output_forms;
/// Who is meant, and that a write never guesses.
mod people;
/// `init`, `append`, `claim`, `import`, `correct`, `retract`, `undo`, `person`, `instrument`.
mod record;
/// Export, and the way back.
mod round_trip;
