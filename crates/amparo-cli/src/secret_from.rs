//! Where a passphrase comes from: the terminal, a file, or a variable of the environment.
//!
//! Never from the command line itself, which every process of the machine can read. The terminal
//! leaves no copy; a file is as safe as its folder; a variable is seen by every process that this
//! one starts, and by whoever may look at the account's processes. A passphrase is in no message.

use std::ffi::OsString;
use std::fs::File;
use std::io::Read as _;
use std::path::PathBuf;

use amparo_store::{SlotSecret, VaultError};
use zeroize::Zeroizing;

use crate::error::Failure;
use crate::world::World;

/// The most bytes that are read of a file.
const FILE_BYTES_MAX: u64 = 4096;

/// Where a secret is read.
#[derive(Debug, Clone)]
pub enum SecretFrom {
    /// Asked for at the terminal.
    Terminal,
    /// The first line of a file, which can be a pipe.
    File(PathBuf),
    /// A variable of the environment.
    Variable(OsString),
}

impl SecretFrom {
    /// Reads `ask`, `file:PATH` or `env:NAME`.
    ///
    /// # Errors
    /// Usage; what was typed is not quoted, since it may be the passphrase.
    pub fn parse(option: &str, typed: &str) -> Result<Self, Failure> {
        match typed.split_once(':') {
            None if typed == "ask" => Ok(Self::Terminal),
            Some(("file", path)) if !path.is_empty() => Ok(Self::File(PathBuf::from(path))),
            Some(("env", name)) if !name.is_empty() => Ok(Self::Variable(OsString::from(name))),
            None | Some(_) => {
                let message = format!("{option} tells where to read a passphrase, not what it is");
                Err(Failure::usage(message).hint("write ask, file:PATH or env:NAME"))
            }
        }
    }

    /// Reads a secret that is to open the names.
    ///
    /// # Errors
    /// Usage where nothing can be read, exit 3 for what can be no secret.
    pub fn read(&self, world: &mut World<'_>) -> Result<SlotSecret, Failure> {
        let text = self.text(world, "Passphrase or recovery key: ")?;
        SlotSecret::typed(&text).map_err(|error| Failure::keys(&VaultError::Secret(error)))
    }

    /// Reads a passphrase that is to be; at the terminal twice, since nobody sees it.
    ///
    /// # Errors
    /// As [`read`](Self::read), and exit 3 where the two differ.
    pub fn read_new(&self, world: &mut World<'_>) -> Result<SlotSecret, Failure> {
        let text = self.text(world, "New passphrase: ")?;
        let secret = SlotSecret::passphrase(&text);
        let secret = secret.map_err(|error| Failure::keys(&VaultError::Secret(error)))?;
        match self {
            Self::Terminal if self.text(world, "The same again: ")? != text => {
                Err(Failure::refused("the two are not the same").hint("type it once more"))
            }
            Self::Terminal | Self::File(_) | Self::Variable(_) => Ok(secret),
        }
    }

    fn text(&self, world: &mut World<'_>, question: &str) -> Result<Zeroizing<String>, Failure> {
        let mut text = match self {
            Self::Terminal => (world.ask)(question).map_err(|error| {
                Failure::usage("there is no terminal to ask for the passphrase at")
                    .cause(error.to_string())
                    .hint("read it with file:PATH or env:NAME")
            })?,
            Self::File(path) => first_line(&world.dir.join(path))?,
            Self::Variable(name) => {
                let value = world.env.get(name).and_then(|value| value.to_str());
                let value = value.ok_or_else(|| {
                    Failure::usage("the variable for the passphrase is not set, or is not UTF-8")
                })?;
                Zeroizing::new(value.to_owned())
            }
        };
        let len = text.trim_end_matches(['\r', '\n']).len();
        text.truncate(len);
        Ok(text)
    }
}

fn first_line(path: &std::path::Path) -> Result<Zeroizing<String>, Failure> {
    let failed = |what: String| Failure::usage("cannot read the passphrase's file").cause(what);
    let file = File::open(path).map_err(|error| failed(error.to_string()))?;
    let mut bytes = Zeroizing::new(Vec::with_capacity(FILE_BYTES_MAX as usize + 1));
    let mut limited = file.take(FILE_BYTES_MAX + 1);
    limited
        .read_to_end(&mut bytes)
        .map_err(|error| failed(error.to_string()))?;
    if bytes.len() as u64 > FILE_BYTES_MAX {
        return Err(failed(format!("it has more than {FILE_BYTES_MAX} bytes")));
    }
    let text = std::str::from_utf8(&bytes).map_err(|_| failed("it is not UTF-8".to_owned()))?;
    let line = text.lines().next().unwrap_or_default();
    Ok(Zeroizing::new(line.to_owned()))
}
