//! `amparo.toml`: what a ledger folder says of itself, without secrets.
//!
//! The file marks the folder as a ledger and holds what a user may change by hand. Everything
//! that answers depend on (name, time zone, id) stands in `e0` of the log and not here.

use amparo_core::id::LedgerId;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

/// The name of the file in a ledger folder.
pub(crate) const FILE: &str = "amparo.toml";
/// The most bytes that are read of it.
pub(crate) const BYTES_MAX: usize = 64 * 1024;
/// The version of the folder's layout that this crate writes and reads.
const LAYOUT_VERSION: u32 = 1;

/// The settings of a ledger.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Settings {
    layout: u32,
    /// Which ledger the folder holds; `e0` says the same.
    pub(crate) ledger: Uuid,
    /// Who records, where the command line does not say.
    pub(crate) recorder: String,
}

/// Why `amparo.toml` cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum SettingsError {
    /// Not TOML, or with keys that mean nothing.
    #[error("amparo.toml is not readable")]
    Malformed(#[source] Box<toml::de::Error>),
    /// Not UTF-8.
    #[error("amparo.toml is not UTF-8")]
    NotUtf8,
    /// Written by another version.
    #[error("this ledger's folder has layout {found}; this program knows layout {LAYOUT_VERSION}")]
    Layout {
        /// The version that the file names.
        found: u32,
    },
}

impl Settings {
    pub(crate) fn new(ledger: LedgerId, recorder: &str) -> Self {
        let recorder = recorder.to_owned();
        Self {
            layout: LAYOUT_VERSION,
            ledger: ledger.uuid(),
            recorder,
        }
    }

    pub(crate) fn read(bytes: &[u8]) -> Result<Self, SettingsError> {
        let text = std::str::from_utf8(bytes).map_err(|_| SettingsError::NotUtf8)?;
        let settings: Self =
            toml::from_str(text).map_err(|error| SettingsError::Malformed(Box::new(error)))?;
        match settings.layout {
            LAYOUT_VERSION => Ok(settings),
            found => Err(SettingsError::Layout { found }),
        }
    }

    pub(crate) fn write(&self) -> String {
        let recorder = toml::Value::from(self.recorder.as_str());
        format!(
            "# A ledger of Amparo. This file holds no secrets; the truth is in journal/.\n\
             layout = {}\n\
             ledger = \"{}\"\n\
             # Who records, where the command line does not say.\n\
             recorder = {recorder}\n",
            self.layout, self.ledger
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn settings_read_back_and_strange_ones_are_refused() {
        let settings = Settings::new(LedgerId::new(Uuid::from_u128(5)), "desk \"two\"");
        assert_eq!(
            Settings::read(settings.write().as_bytes()).unwrap(),
            settings
        );
        let sound = settings.write();
        for (text, expect) in [
            (&sound.replace("layout = 1", "layout = 2")[..], "layout 2"),
            (&format!("{sound}colour = 1\n"), "not readable"),
            ("layout =", "not readable"),
        ] {
            let error = Settings::read(text.as_bytes()).unwrap_err().to_string();
            assert!(error.contains(expect), "{text}: {error}");
        }
        assert!(Settings::read(&[0xff]).is_err());
    }
}
