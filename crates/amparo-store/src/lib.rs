//! Part of Amparo.

pub mod files;
pub mod journal;
