//! Entries as the command line names them: `e49`, or the id of the event.

use amparo_core::entry::Entry;
use amparo_core::id::{EventId, Seq};
use amparo_store::ledger::Ledger;
use uuid::Uuid;

use crate::error::Failure;
use crate::output::text;

/// Finds the entry that a text names.
///
/// # Errors
/// Usage for a text that names no entry of any ledger, exit 5 for one that this ledger does not
/// hold.
pub fn find(ledger: &Ledger, typed: &str) -> Result<Entry, Failure> {
    let shown = text::visible(typed);
    let last = ledger.head().size.saturating_sub(1);
    let unknown = || {
        Failure::subject(format!("the ledger holds no {shown}")).hint(format!(
            "it ends at e{last}; `amparo log` lists its entries"
        ))
    };
    let seq = if let Ok(seq) = typed.parse::<Seq>() {
        seq
    } else if let Ok(uuid) = Uuid::try_parse(typed) {
        ledger.seq_of(EventId::new(uuid))?.ok_or_else(unknown)?
    } else {
        return Err(Failure::usage(format!("`{shown}` is no entry"))
            .hint("write its ref, such as e49, or the id of its event"));
    };
    if seq.number() > last {
        return Err(unknown());
    }
    ledger.entry(seq)?.ok_or_else(unknown)
}
