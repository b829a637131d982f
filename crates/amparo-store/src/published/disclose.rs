//! What of the private fields goes into a public export: nothing that is not named.

use std::collections::BTreeSet;

use amparo_core::id::Subject;
use amparo_core::private::PrivateField;

/// Which private fields are disclosed, and of whom.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Disclosure {
    fields: BTreeSet<PrivateField>,
    /// Those whose fields they are; `None` for everybody.
    of: Option<BTreeSet<Subject>>,
}

impl Disclosure {
    /// Discloses nothing.
    pub fn nothing() -> Self {
        Self::default()
    }

    /// Discloses these fields, of these subjects or of everybody.
    pub fn new(
        fields: impl IntoIterator<Item = PrivateField>,
        of: Option<BTreeSet<Subject>>,
    ) -> Self {
        Self {
            fields: fields.into_iter().collect(),
            of,
        }
    }

    /// Whether nothing is disclosed.
    pub fn is_nothing(&self) -> bool {
        self.fields.is_empty()
    }

    /// Whether a field is disclosed of an entry about somebody.
    pub(crate) fn shows(&self, field: PrivateField, subject: Option<Subject>) -> bool {
        let is_of = match (&self.of, subject) {
            (None, _) => true,
            (Some(of), Some(subject)) => of.contains(&subject),
            (Some(_), None) => false,
        };
        is_of && self.fields.contains(&field)
    }
}
