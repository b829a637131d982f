//! The transparency log of Amparo: what an auditor reads to know what a proof proves.
//!
//! It holds the RFC 6962 Merkle tree and the C2SP text formats around it, and nothing else. It
//! does no IO, reads no clock, draws no random numbers and has no unsafe code: tiles, keys, times
//! and files come in as arguments. What it reads may come from an enemy: every input has a limit,
//! none makes it panic, and every text has one spelling, so that what is read prints again as the
//! same bytes.
//!
//! # What each part is trusted for
//!
//! | module | trusted for | what its attacker could do |
//! |---|---|---|
//! | [`merkle`] | the hashes; the root of what was pushed | with a SHA-256 collision, show two histories under one root; nothing less |
//! | [`tile`], [`append`], [`bundle`] | names and bytes of the stored tree; not for truth | whoever writes the tiles can break proofs or lead to a wrong root, which no honest checkpoint has: the log stops being provable, it does not lie |
//! | [`reader`] | proofs that fit the tiles it was given; not for truth | as above: a false tile gives a proof that does not verify |
//! | [`inclusion`] | this leaf, at this index, under this root | give a root of their own, if the verifier takes it from them and not from a checkpoint |
//! | [`consistency`] | the older tree is the beginning of the newer one | show each victim another history, if the victims never compare heads: that is what witnesses are for |
//! | [`key`], [`signature`], [`note`] | these bytes were signed by this key | sign anything, with a stolen seed; add lines that are ignored; spoil a note with a false line under a trusted name, which only denies service |
//! | [`origin`], [`checkpoint`] | the head that the log states | the log itself can sign two heads; nobody else can sign one |
//! | [`cosignature`], [`witness`] | of two forks, at most one is cosigned by a witness that stores its heads | make a witness sign a fork by restoring its store from an old copy; choose the first head it sees; give a false time |
//! | [`policy`] | no checkpoint is accepted without the log and the quorum | write the policy: it must be the verifier's own. With as many witness seeds as the quorum asks for, show a fork to its victims |
//! | [`growth`] | the log only grew between two signed heads, offline | nothing more than with [`consistency`] and [`policy`] |
//! | [`proof`] | all of the above, offline, for one entry | change the extra data, which nothing vouches for |
//!
//! Nothing here says that an entry is *true*, nor that an accepted head is the *newest*: an old
//! proof stays valid for ever, and somebody who withholds newer heads is noticed only by asking
//! elsewhere.
//!
//! # Where to start
//!
//! A verifier parses a [`policy::Policy`] and a [`proof::LogProof`], and calls
//! [`proof::LogProof::verify`] with the [`merkle::leaf_hash`] of the entry. A log keeps a
//! [`merkle::Frontier`], writes what [`append::append_tiles`] hands back, and signs
//! [`checkpoint::SignedCheckpoint`]s. A witness calls [`witness::decide`].

pub mod append;
pub mod bundle;
pub mod checkpoint;
pub mod consistency;
pub mod cosignature;
pub mod growth;
pub mod inclusion;
pub mod key;
mod line;
pub mod merkle;
pub mod note;
pub mod origin;
pub mod policy;
pub mod proof;
pub mod reader;
pub mod signature;
pub mod tile;
pub mod witness;

#[cfg(test)]
mod test_tree;
