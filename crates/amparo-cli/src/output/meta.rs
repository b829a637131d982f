//! The coordinates of an answer: as of which day, known when, counted how, from which head.

use amparo_core::date::Day;
use amparo_core::entry::{FORMAT_VERSION, Recorded};
use amparo_core::id::LedgerId;

use super::cell::{Cell, Column, spread};

/// What an answer was derived from. Everything is absent where no ledger was asked.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Meta {
    /// The day at whose end the state is shown.
    pub as_of: Option<Day>,
    /// The last entry that counts.
    pub known_at: Option<KnownAt>,
    /// The rule of who counts as held.
    pub profile: Option<String>,
    /// What the rows were narrowed by: option and value.
    pub filters: Vec<(String, String)>,
    /// The ledger's head.
    pub head: Option<Head>,
    /// The ledger.
    pub ledger: Option<LedgerId>,
}

/// A position in the log: the last entry that counts, and when it was recorded.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct KnownAt {
    /// Its sequence.
    pub seq: u64,
    /// Its recording time.
    pub recorded: Recorded,
}

/// The head of the log: how many entries, and their Merkle root.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Head {
    /// How many entries there are.
    pub size: u64,
    /// The root, in hex.
    pub root: String,
}

impl Meta {
    /// Adds a filter, where it is set.
    pub fn filter(mut self, option: &str, value: Option<impl ToString>) -> Self {
        self.filters
            .extend(value.map(|value| (option.to_owned(), value.to_string())));
        self
    }

    /// The coordinates as cells, in the order of the JSON `meta`.
    pub(super) fn cells(&self) -> Vec<(&'static str, Cell)> {
        let known_at = self.known_at.map_or(Cell::Empty, |known_at| {
            Cell::Parts(vec![
                ("seq", Cell::count(known_at.seq)),
                ("recorded", Cell::text(known_at.recorded)),
            ])
        });
        let head = self.head.as_ref().map_or(Cell::Empty, |head| {
            Cell::Parts(vec![
                ("size", Cell::count(head.size)),
                ("root", Cell::text(&head.root)),
            ])
        });
        vec![
            ("as_of", Cell::maybe(self.as_of)),
            ("known_at", known_at),
            ("profile", Cell::maybe(self.profile.as_ref())),
            ("filters", Cell::Json(self.filters_json())),
            ("head", head),
            ("ledger", Cell::maybe(self.ledger)),
            (
                "format",
                self.ledger
                    .map_or(Cell::Empty, |_| Cell::count(FORMAT_VERSION)),
            ),
        ]
    }

    /// The coordinates as columns of their own, `known_at_seq`, to stand behind others; those that
    /// the others have are left out.
    pub fn beside(&self, columns: &[Column]) -> Vec<(Column, Cell)> {
        let is_own = |key: &str| columns.iter().any(|column| column.key == key);
        let cells = self.cells().into_iter().filter(|(key, _)| !is_own(key));
        let (keys, cells): (Vec<_>, Vec<_>) = cells.unzip();
        let columns: Vec<_> = keys.into_iter().map(Column::machine).collect();
        let rows = [cells];
        let (columns, rows) = spread(&columns, &rows);
        let cells = rows.iter().flatten().cloned();
        columns.iter().cloned().zip(cells).collect()
    }

    fn filters_json(&self) -> String {
        let pairs = self.filters.iter().map(|(option, value)| {
            format!("{}:{}", super::text::json(option), super::text::json(value))
        });
        format!("{{{}}}", pairs.collect::<Vec<_>>().join(","))
    }

    /// The coordinates in one line, for people.
    pub fn caption(&self) -> String {
        let mut parts = Vec::new();
        parts.extend(self.as_of.map(|day| format!("as of {day}")));
        parts.extend(self.known_at.map(|known_at| {
            format!(
                "known at e{} (recorded {})",
                known_at.seq, known_at.recorded
            )
        }));
        parts.extend(
            self.profile
                .as_ref()
                .map(|profile| format!("profile {profile}")),
        );
        parts.extend(
            self.filters
                .iter()
                .map(|(option, value)| format!("{option} {value}")),
        );
        parts.extend(
            self.head
                .as_ref()
                .map(|head| format!("{} entries, root {}", head.size, short_root(&head.root))),
        );
        parts.join(" · ")
    }
}

/// How much of a root a caption shows: enough to see that two differ.
const ROOT_CHARS_SHOWN: usize = 12;

/// The beginning of a root in hex, as captions show it.
pub fn short_root(root: &str) -> &str {
    root.get(..ROOT_CHARS_SHOWN).unwrap_or(root)
}
