//! The transparency log of Amparo: Merkle tree, tiles and proofs, without IO.

pub mod append;
pub mod checkpoint;
pub mod consistency;
pub mod cosignature;
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
