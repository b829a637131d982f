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
pub mod reader;
pub mod tile;

#[cfg(test)]
mod test_tree;
