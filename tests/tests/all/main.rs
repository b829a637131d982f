//! End-to-end tests: the real program, on real folders, one module for each topic.

/// Folders copied and damaged.
#[cfg(test)]
mod folders;
/// Temp folder, clean environment, fixed clock, and `verify` after each step.
#[cfg(test)]
mod harness;

/// `backup` and `restore`: the log elsewhere, checked.
#[cfg(test)]
mod backup;
/// Every file of `fixtures/bad`: place, rule, remedy, exit code, and nothing written.
#[cfg(test)]
mod bad_input;
/// `totals --who` and `--evidence`: who and what is behind each number.
#[cfg(test)]
mod behind;
/// Two small fixtures, every answer reckoned by hand.
#[cfg(test)]
mod by_hand;
/// Processes killed while they write, journals cut short, two processes at once.
#[cfg(test)]
mod crash;
/// The founding case: what a newcomer sees, and what was known when.
#[cfg(test)]
mod demo;
/// `diff`: why a number moved, part by part.
#[cfg(test)]
mod diff;
/// `import --draft-rules FILE`: rules proposed from a table, which leave open what it leaves open.
#[cfg(test)]
mod draft_rules;
/// `erase`: what was private of somebody is gone, and nothing else.
#[cfg(test)]
mod erase;
/// Every exit code of the design, each made once.
#[cfg(test)]
mod exit_codes;
/// `export --csv`, `--xlsx`, `--datapackage`: tables, named nobody, whole or not there.
#[cfg(test)]
mod export_tables;
/// The filters: on whose word, and of whom.
#[cfg(test)]
mod filters;
/// `flows`: stock, comings, goings, stock, residual.
#[cfg(test)]
mod flows;
/// Hostile text and private names, in every command that there is.
#[cfg(test)]
mod hostile;
/// `person merge`, `group`, `find --similar`: who is who, and that it is never guessed.
#[cfg(test)]
mod identity;
/// Deltas kept from run to run: the same answers with them and without, and false ones found.
#[cfg(test)]
mod kept_deltas;
/// The same of facts.
#[cfg(test)]
mod kept_facts;
/// Names that are kept from run to run, sealed, and erased with their keys.
#[cfg(test)]
mod kept_names;
/// `key`: names under a lock, what goes on without them, and what is refused.
#[cfg(test)]
mod keys;
/// `list`: who is held or in a state, and that its counts are those of `totals`.
#[cfg(test)]
mod list;
/// `import list`: what follows from successive full lists of people in custody.
#[cfg(test)]
mod lists;
/// `status`, `claims`, `report`, `replay`, `audit`: what they answer, and what they refuse.
#[cfg(test)]
mod look;
/// Totals against a naive model, on random histories.
#[cfg(test)]
mod model;
/// Every file of `fixtures/odd` is accepted.
#[cfg(test)]
mod odd_input;
/// Tables, JSON, JSON Lines, CSV and Markdown hold the same rows.
#[cfg(test)]
mod output_forms;
/// Who is meant, and that a write never guesses.
#[cfg(test)]
mod people;
/// Profiles in the ledger: stated, versioned, chosen by what was known.
#[cfg(test)]
mod profiles;
/// `prove` and `verify-proof`: what a third party checks without the ledger.
#[cfg(test)]
mod proofs;
/// `export --tiles`, the verify.py in it, and `verify --against`.
#[cfg(test)]
mod public_export;
/// Published figures: the same for good, with what changed since.
#[cfg(test)]
mod publications;
/// The README's session, run.
#[cfg(test)]
mod readme;
/// The sled folder lost, damaged or stale, and copies that can only be read.
#[cfg(test)]
mod rebuild;
/// `init`, `append`, `claim`, `import`, `correct`, `retract`, `undo`, `person`, `instrument`.
#[cfg(test)]
mod record;
/// What is intact of a damaged ledger, in a new one.
#[cfg(test)]
mod recover;
/// `report NAME`: what each finds, and its help.
#[cfg(test)]
mod reports;
/// Export, and the way back.
#[cfg(test)]
mod round_trip;
/// `totals --every`: over time, drawn as a chart and in a file.
#[cfg(test)]
mod series;
/// `checkpoint`, `resume`, and what `verify` says of what was signed.
#[cfg(test)]
mod signing;
/// `totals --suppress-below`: small numbers cannot be had by subtraction.
#[cfg(test)]
mod suppressed;
/// `import FILE --rules RULES`: what a table says of people, row by row.
#[cfg(test)]
mod tables;
/// The numbers reckoned by hand, at every coordinate, in every form.
#[cfg(test)]
mod totals;
/// `witness`: organisations that cosign each other's heads.
#[cfg(test)]
mod witnesses;
/// `import FILE --rules RULES` on workbooks: the same rows, with sheet, row and column.
#[cfg(test)]
mod workbooks;
