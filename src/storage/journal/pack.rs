//! Values, compressed where that helps.

use std::borrow::Cow;

use zstd::bulk::{Compressor, Decompressor};

use super::trouble::Trouble;
use crate::model::bytes::Value;

/// Shorter values are not worth it.
const SHORT: usize = 128;
/// The fastest level: the mirror must not be held up.
const LEVEL: i32 = 1;

/// Compresses values.
pub(super) struct Packer(Option<Compressor<'static>>);

impl Packer {
    pub(super) fn new() -> Self {
        Self(Compressor::new(LEVEL).ok())
    }

    /// The value as it is written. It was compressed if it is shorter than the value.
    pub(super) fn pack<'v>(&mut self, value: &'v [u8]) -> Cow<'v, [u8]> {
        if value.len() < SHORT {
            return Cow::Borrowed(value);
        }
        match self.0.as_mut().map(|packer| packer.compress(value)) {
            // An eighth at least is saved.
            Some(Ok(packed)) if packed.len() + packed.len() / 8 < value.len() => Cow::Owned(packed),
            _ => Cow::Borrowed(value),
        }
    }
}

/// Decompresses values.
pub(super) struct Unpacker(Decompressor<'static>);

impl Unpacker {
    pub(super) fn new() -> Result<Self, Trouble> {
        Decompressor::new().map(Self).map_err(|error| Trouble::Damaged(format!("the journal: {error}")))
    }

    /// The value, from what was written and its length.
    pub(super) fn unpack(&mut self, written: &[u8], length: i64) -> Result<Value, Trouble> {
        let damaged = |detail: String| Trouble::Damaged(format!("a value in the journal: {detail}"));
        let length = usize::try_from(length).map_err(|error| damaged(error.to_string()))?;
        if written.len() == length {
            return Ok(written.into());
        }
        // No value of etcd is nearly as large: a length that says so is no length.
        if written.len() > length || length > 1 << 30 {
            return Err(damaged(format!("{} bytes for {length}", written.len())));
        }
        let value = self.0.decompress(written, length).map_err(|error| damaged(error.to_string()))?;
        if value.len() != length {
            return Err(damaged(format!("{} bytes instead of {length}", value.len())));
        }
        Ok(value.into())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_value_comes_back() -> Result<(), Trouble> {
        let text = "level: info\nreplicas: 3\n".repeat(40).into_bytes();
        let noise: Vec<u8> = (0..5_000_u32).map(|n| (n.wrapping_mul(2_654_435_761) >> 13) as u8).collect();
        let (mut packer, mut unpacker) = (Packer::new(), Unpacker::new()?);
        for value in [Vec::new(), b"x".to_vec(), text.clone(), noise] {
            let written = packer.pack(&value).into_owned();
            let length = i64::try_from(value.len()).unwrap_or(0);
            assert_eq!(&*unpacker.unpack(&written, length)?, value.as_slice());
        }
        assert!(packer.pack(&text).len() < text.len() / 4);
        Ok(())
    }

    #[test]
    fn a_damaged_value_is_not_taken_for_one() -> Result<(), Trouble> {
        let mut unpacker = Unpacker::new()?;
        for (written, length) in [(&b"too long"[..], 3), (b"not packed", 40), (b"x", -1), (b"x", i64::MAX)] {
            assert!(matches!(unpacker.unpack(written, length), Err(Trouble::Damaged(_))));
        }
        Ok(())
    }
}
