//! Small derived states of projections, each stamped with the log size it was derived from.
//!
//! A state is put as chunks of a new generation, then its card (generation, size, length,
//! checksum), then the old generation's chunks are removed. Chunks are small enough that sixteen of
//! them in a leaf stay out of sled's side files.

use super::wire::Fields;
use super::{DERIVED_BYTES_MAX, DERIVED_NAME_BYTES_MAX, ShelfError};
use crate::kv::{Kv, Table};

const CHUNK_BYTES: usize = 7 << 10;

struct Card {
    generation: u32,
    size: u64,
    len: u32,
    crc: u32,
}

/// The state under `name` and the log size it was derived from.
pub(super) fn load(desk: &Kv, name: &str) -> Result<Option<(u64, Vec<u8>)>, ShelfError> {
    let Some(card) = card(desk, name)? else {
        return Ok(None);
    };
    let mut bytes = Vec::with_capacity(card.len as usize);
    for chunk in 0..chunks(card.len) {
        let key = chunk_key(name, card.generation, chunk);
        let value = desk
            .get(Table::Derived, &key)?
            .ok_or_else(|| damaged(name))?;
        bytes.extend_from_slice(value.bytes());
    }
    if bytes.len() != card.len as usize || crc32fast::hash(&bytes) != card.crc {
        return Err(damaged(name));
    }
    Ok(Some((card.size, bytes)))
}

/// Replaces the state under `name`.
pub(super) fn store(desk: &Kv, name: &str, size: u64, bytes: &[u8]) -> Result<(), ShelfError> {
    if name.is_empty() || name.len() > DERIVED_NAME_BYTES_MAX || bytes.len() > DERIVED_BYTES_MAX {
        return Err(ShelfError::TooLarge("a derived state"));
    }
    let old = card(desk, name)?;
    let generation = old
        .as_ref()
        .map_or(0, |card| card.generation.wrapping_add(1));
    for (no, chunk) in (0_u32..).zip(bytes.chunks(CHUNK_BYTES)) {
        desk.put(Table::Derived, &chunk_key(name, generation, no), chunk)?;
    }
    let len = bytes.len() as u32;
    let mut value = Vec::with_capacity(20);
    value.extend_from_slice(&generation.to_le_bytes());
    value.extend_from_slice(&size.to_le_bytes());
    value.extend_from_slice(&len.to_le_bytes());
    value.extend_from_slice(&crc32fast::hash(bytes).to_le_bytes());
    desk.put(Table::Derived, &card_key(name), &value)?;
    for (no, card) in old
        .iter()
        .flat_map(|card| (0..chunks(card.len)).map(move |no| (no, card)))
    {
        desk.remove(Table::Derived, &chunk_key(name, card.generation, no))?;
    }
    Ok(())
}

fn card(desk: &Kv, name: &str) -> Result<Option<Card>, ShelfError> {
    let Some(value) = desk.get(Table::Derived, &card_key(name))? else {
        return Ok(None);
    };
    let mut fields = Fields(value.bytes());
    let mut read = || {
        let (generation, size) = (fields.u32()?, fields.u64()?);
        Some(Card {
            generation,
            size,
            len: fields.u32()?,
            crc: fields.u32()?,
        })
    };
    let card = read().filter(|card| card.len as usize <= DERIVED_BYTES_MAX);
    card.map(Some).ok_or_else(|| damaged(name))
}

fn chunks(len: u32) -> u32 {
    len.div_ceil(CHUNK_BYTES as u32)
}

fn card_key(name: &str) -> Vec<u8> {
    [&[name.len() as u8], name.as_bytes()].concat()
}

fn chunk_key(name: &str, generation: u32, no: u32) -> Vec<u8> {
    [
        card_key(name).as_slice(),
        &generation.to_be_bytes(),
        &no.to_be_bytes(),
    ]
    .concat()
}

fn damaged(name: &str) -> ShelfError {
    ShelfError::damaged(format!("the derived state {name}"))
}
