//! Reads policy files, line by line.

use std::collections::{HashMap, HashSet};

use thiserror::Error;

use super::{AddLogError, Group, Member, Policy, PolicyName, Quorum, Witness};
use crate::key::{KeyKind, ParseVerifierKeyError, VerifierKey};

/// Longest policy file in bytes.
pub const MAX_POLICY_LEN: usize = 64 * 1024;

/// Most logs of a policy.
pub const MAX_POLICY_LOGS: usize = 64;

/// Most witnesses of a policy.
pub const MAX_POLICY_WITNESSES: usize = 64;

/// Most groups of a policy.
pub const MAX_POLICY_GROUPS: usize = 64;

/// The quorum that asks for nobody; no witness or group has this name.
const NONE: &[u8] = b"none";

/// Why bytes are not a policy, and where.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("line {line} of the policy is refused")]
pub struct ParsePolicyError {
    /// Number of the line, from 1.
    pub line: usize,
    /// What is wrong.
    #[source]
    pub fault: PolicyFault,
}

/// What is wrong with a line of a policy.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum PolicyFault {
    /// The file is longer than [`MAX_POLICY_LEN`].
    #[error("a policy has at most {MAX_POLICY_LEN} bytes, not {found}")]
    TooLong {
        /// Length in bytes.
        found: usize,
    },
    /// A control character other than tab and newline.
    #[error("a policy has no control characters but tab and newline")]
    ControlCharacter,
    /// The line starts with none of the four words.
    #[error("a line starts with log, witness, group or quorum")]
    Keyword,
    /// The line has too few or too many items.
    #[error("the line is spelled: {usage}")]
    Items {
        /// How the line must look.
        usage: &'static str,
    },
    /// A key is not text.
    #[error("a verifier key is UTF-8")]
    KeyNotUtf8,
    /// A key is not a verifier key.
    #[error("not a usable verifier key")]
    Key(#[from] ParseVerifierKeyError),
    /// A log cannot be added.
    #[error("the log is refused")]
    Log(#[from] AddLogError),
    /// The key of a witness is not of the kind that cosigns.
    #[error("this is no key of a witness (type 0x04)")]
    WitnessKind,
    /// Two witnesses share a public key, and could count twice.
    #[error("another witness has this public key")]
    DuplicateWitness,
    /// More witnesses than [`MAX_POLICY_WITNESSES`].
    #[error("a policy has at most {MAX_POLICY_WITNESSES} witnesses")]
    TooManyWitnesses,
    /// More groups than [`MAX_POLICY_GROUPS`].
    #[error("a policy has at most {MAX_POLICY_GROUPS} groups")]
    TooManyGroups,
    /// A witness or group takes a name that is in use or reserved.
    #[error("the name {name} is taken")]
    NameTaken {
        /// The name.
        name: PolicyName,
    },
    /// A name that no earlier line defines.
    #[error("no earlier line defines {name}")]
    UnknownName {
        /// The name.
        name: PolicyName,
    },
    /// A witness or group is in two groups, and could count twice.
    #[error("{name} is in a group already")]
    InTwoGroups {
        /// The name.
        name: PolicyName,
    },
    /// The threshold is not `any`, `all` or a number from 1 to the number of members.
    #[error("the threshold of a group is any, all, or a number from 1 to {members}")]
    Threshold {
        /// Number of members.
        members: usize,
    },
    /// A second quorum.
    #[error("a policy has one quorum only")]
    SecondQuorum,
    /// No quorum up to the end of the file.
    #[error("a policy ends with its quorum defined")]
    NoQuorum,
}

#[derive(Default)]
struct Draft {
    logs: Vec<VerifierKey>,
    witnesses: Vec<Witness>,
    groups: Vec<Group>,
    names: HashMap<Vec<u8>, Member>,
    grouped: HashSet<Vec<u8>>,
    quorum: Option<Quorum>,
}

impl Policy {
    /// Reads a policy file.
    ///
    /// # Errors
    /// [`ParsePolicyError`] with the line of the first fault.
    pub fn parse(bytes: &[u8]) -> Result<Self, ParsePolicyError> {
        if bytes.len() > MAX_POLICY_LEN {
            let fault = PolicyFault::TooLong { found: bytes.len() };
            return Err(ParsePolicyError { line: 1, fault });
        }
        let mut draft = Draft::default();
        let mut last = 1;
        for (line, text) in (1..).zip(bytes.split(|byte| *byte == b'\n')) {
            draft
                .read_line(text)
                .map_err(|fault| ParsePolicyError { line, fault })?;
            last = line;
        }
        let no_quorum = ParsePolicyError {
            line: last,
            fault: PolicyFault::NoQuorum,
        };
        let Draft {
            logs,
            witnesses,
            groups,
            quorum,
            ..
        } = draft;
        Ok(Self {
            logs,
            witnesses,
            groups,
            quorum: quorum.ok_or(no_quorum)?,
        })
    }
}

impl Draft {
    fn read_line(&mut self, line: &[u8]) -> Result<(), PolicyFault> {
        if line
            .iter()
            .any(|byte| (*byte < 0x20 && *byte != b'\t') || *byte == 0x7f)
        {
            return Err(PolicyFault::ControlCharacter);
        }
        let items: Vec<&[u8]> = line
            .split(|byte| matches!(byte, b' ' | b'\t'))
            .filter(|item| !item.is_empty())
            .collect();
        match items.as_slice() {
            [] => Ok(()),
            [first, ..] if first.starts_with(b"#") => Ok(()),
            [b"log", key] | [b"log", key, _] => self.add_log(key),
            [b"log", ..] => Err(PolicyFault::Items {
                usage: "log <vkey> [<url>]",
            }),
            [b"witness", name, key] | [b"witness", name, key, _] => self.add_witness(name, key),
            [b"witness", ..] => Err(PolicyFault::Items {
                usage: "witness <name> <vkey> [<url>]",
            }),
            [b"group", name, threshold, members @ ..] if !members.is_empty() => {
                self.add_group(name, threshold, members)
            }
            [b"group", ..] => Err(PolicyFault::Items {
                usage: "group <name> any|all|<k> <name>...",
            }),
            [b"quorum", name] => self.set_quorum(name),
            [b"quorum", ..] => Err(PolicyFault::Items {
                usage: "quorum <name>|none",
            }),
            [_, ..] => Err(PolicyFault::Keyword),
        }
    }

    fn add_log(&mut self, key: &[u8]) -> Result<(), PolicyFault> {
        super::push_log(&mut self.logs, read_key(key)?)?;
        Ok(())
    }

    fn add_witness(&mut self, name: &[u8], key: &[u8]) -> Result<(), PolicyFault> {
        let key = read_key(key)?;
        if key.kind() != KeyKind::Cosignature {
            return Err(PolicyFault::WitnessKind);
        }
        if self
            .witnesses
            .iter()
            .any(|other| other.key.public_key() == key.public_key())
        {
            return Err(PolicyFault::DuplicateWitness);
        }
        if self.witnesses.len() >= MAX_POLICY_WITNESSES {
            return Err(PolicyFault::TooManyWitnesses);
        }
        let name = self.define(name, Member::Witness(self.witnesses.len()))?;
        self.witnesses.push(Witness { name, key });
        Ok(())
    }

    fn add_group(
        &mut self,
        name: &[u8],
        threshold: &[u8],
        members: &[&[u8]],
    ) -> Result<(), PolicyFault> {
        if self.groups.len() >= MAX_POLICY_GROUPS {
            return Err(PolicyFault::TooManyGroups);
        }
        let threshold = read_threshold(threshold, members.len())?;
        let mut found = Vec::with_capacity(members.len());
        for member in members {
            found.push(self.find(member)?);
            if !self.grouped.insert(member.to_vec()) {
                return Err(PolicyFault::InTwoGroups {
                    name: PolicyName(member.to_vec()),
                });
            }
        }
        let name = self.define(name, Member::Group(self.groups.len()))?;
        self.groups.push(Group {
            name,
            threshold,
            members: found,
        });
        Ok(())
    }

    fn set_quorum(&mut self, name: &[u8]) -> Result<(), PolicyFault> {
        if self.quorum.is_some() {
            return Err(PolicyFault::SecondQuorum);
        }
        self.quorum = Some(if name == NONE {
            Quorum::None
        } else {
            Quorum::Of(self.find(name)?)
        });
        Ok(())
    }

    fn define(&mut self, name: &[u8], member: Member) -> Result<PolicyName, PolicyFault> {
        let taken = name == NONE || self.names.insert(name.to_vec(), member).is_some();
        let name = PolicyName(name.to_vec());
        if taken {
            Err(PolicyFault::NameTaken { name })
        } else {
            Ok(name)
        }
    }

    fn find(&self, name: &[u8]) -> Result<Member, PolicyFault> {
        let unknown = || PolicyFault::UnknownName {
            name: PolicyName(name.to_vec()),
        };
        self.names.get(name).copied().ok_or_else(unknown)
    }
}

fn read_key(item: &[u8]) -> Result<VerifierKey, PolicyFault> {
    let text = str::from_utf8(item).map_err(|_| PolicyFault::KeyNotUtf8)?;
    Ok(text.parse()?)
}

fn read_threshold(item: &[u8], members: usize) -> Result<usize, PolicyFault> {
    let number = || {
        let number = crate::line::decimal(str::from_utf8(item).ok()?)?;
        usize::try_from(number)
            .ok()
            .filter(|number| (1..=members).contains(number))
    };
    match item {
        b"any" => Ok(1),
        b"all" => Ok(members),
        _ => number().ok_or(PolicyFault::Threshold { members }),
    }
}
