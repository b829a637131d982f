//! The transparency log of Amparo: Merkle tree, tiles and proofs, without IO.

pub mod append;
pub mod consistency;
pub mod inclusion;
pub mod merkle;
pub mod reader;
pub mod tile;

#[cfg(test)]
mod test_tree;
