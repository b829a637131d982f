//! Part of Amparo.
