//! `amparo.toml`: what a ledger folder says of itself, without secrets.
//!
//! The file marks the folder as a ledger and holds what a user may change by hand. Everything
//! that answers depend on (name, time zone, id) stands in `e0` of the log and not here.

use serde::{Deserialize, Serialize};

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
    pub(crate) fn new(recorder: &str) -> Self {
        Self { layout: LAYOUT_VERSION, recorder: recorder.to_owned() }
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
             # Who records, where the command line does not say.\n\
             recorder = {recorder}\n",
            self.layout
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn settings_read_back_and_strange_ones_are_refused() {
        let settings = Settings::new("desk \"two\"");
        assert_eq!(Settings::read(settings.write().as_bytes()).unwrap(), settings);
        for (text, expect) in [
            ("layout = 2\nrecorder = \"a\"", "layout 2"),
            ("layout = 1\nrecorder = \"a\"\ncolour = 1", "not readable"),
            ("layout =", "not readable"),
        ] {
            let error = Settings::read(text.as_bytes()).unwrap_err().to_string();
            assert!(error.contains(expect), "{text}: {error}");
        }
        assert!(Settings::read(&[0xff]).is_err());
    }
}
