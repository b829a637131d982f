//! Part of Amparo.

mod kv;
pub mod shelf;
