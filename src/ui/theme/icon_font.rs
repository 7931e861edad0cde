//! Moves the icon font out of the way of the text fonts.
//!
//! Phosphor puts its icons into the private use area from U+E000 on, where Inter and JetBrains Mono
//! have signs of their own: the arrows and carets would be drawn as something else. So its icons are
//! moved to the private plane 16 ([`OFFSET`] higher), where no other font has anything. For that the
//! `cmap` table is written anew (OpenType 1.9, "cmap": format 4 is read, format 12 written).

/// Phosphor regular, as published.
pub(super) const PHOSPHOR: &[u8] = include_bytes!("../../../assets/fonts/Phosphor.ttf");

/// How far the icons are moved.
const OFFSET: u32 = 0x10_0000;

/// First character that is an icon; what lies below is left out (letters without a shape).
const FIRST_ICON: u32 = 0xE000;

/// The font with its icons moved; as it was where it cannot be read.
pub(super) fn moved(font: &[u8]) -> Vec<u8> {
    rewrite(font).unwrap_or_else(|| font.to_vec())
}

fn u16_at(bytes: &[u8], at: usize) -> Option<u16> {
    Some(u16::from_be_bytes(bytes.get(at..at + 2)?.try_into().ok()?))
}

fn u32_at(bytes: &[u8], at: usize) -> Option<u32> {
    Some(u32::from_be_bytes(bytes.get(at..at + 4)?.try_into().ok()?))
}

fn rewrite(font: &[u8]) -> Option<Vec<u8>> {
    // The table directory: 16 bytes each (tag, checksum, offset, length) behind a header of 12.
    let tables = usize::from(u16_at(font, 4)?);
    let record = (0..tables).map(|n| 12 + 16 * n).find(|at| font.get(*at..at + 4) == Some(b"cmap"))?;
    let offset = u32_at(font, record + 8)? as usize;
    let length = u32_at(font, record + 12)? as usize;
    let cmap = font.get(offset..offset + length)?;
    let table = write_cmap(&read_format_4(cmap)?);
    let mut moved = font.to_vec();
    moved.resize(moved.len().next_multiple_of(4), 0);
    let new_offset = u32::try_from(moved.len()).ok()?;
    moved.get_mut(record + 8..record + 12)?.copy_from_slice(&new_offset.to_be_bytes());
    let new_length = u32::try_from(table.len()).ok()?;
    moved.get_mut(record + 12..record + 16)?.copy_from_slice(&new_length.to_be_bytes());
    moved.extend_from_slice(&table);
    Some(moved)
}

/// Characters and their glyphs, in order, from the first format 4 subtable.
fn read_format_4(cmap: &[u8]) -> Option<Vec<(u32, u32)>> {
    let subtables = usize::from(u16_at(cmap, 2)?);
    let at = (0..subtables)
        .filter_map(|n| u32_at(cmap, 4 + 8 * n + 4).map(|at| at as usize))
        .find(|at| u16_at(cmap, *at) == Some(4))?;
    let doubled = usize::from(u16_at(cmap, at + 6)?);
    let (ends, starts) = (at + 14, at + 16 + doubled);
    let (deltas, range_offsets) = (starts + doubled, starts + 2 * doubled);
    let mut found = Vec::new();
    for segment in (0..doubled).step_by(2) {
        let (start, end) = (u16_at(cmap, starts + segment)?, u16_at(cmap, ends + segment)?);
        let delta = u16_at(cmap, deltas + segment)?;
        let range_offset = u16_at(cmap, range_offsets + segment)?;
        for sign in start..=end {
            let glyph = if range_offset == 0 {
                sign.wrapping_add(delta)
            } else {
                let place =
                    range_offsets + segment + usize::from(range_offset) + 2 * usize::from(sign - start);
                match u16_at(cmap, place)? {
                    0 => 0,
                    glyph => glyph.wrapping_add(delta),
                }
            };
            if glyph != 0 && sign != u16::MAX {
                found.push((u32::from(sign), u32::from(glyph)));
            }
        }
    }
    Some(found)
}

/// A `cmap` table with one format 12 subtable, one group for each icon.
fn write_cmap(glyphs: &[(u32, u32)]) -> Vec<u8> {
    let icons: Vec<_> = glyphs.iter().filter(|(sign, _)| *sign >= FIRST_ICON).collect();
    let count = u32::try_from(icons.len()).unwrap_or(0);
    let mut table = Vec::with_capacity(28 + 12 * icons.len());
    for field in [0_u16, 1, 3, 10] {
        // Version 0, one subtable: Windows, full Unicode.
        table.extend_from_slice(&field.to_be_bytes());
    }
    table.extend_from_slice(&12_u32.to_be_bytes());
    table.extend_from_slice(&12_u16.to_be_bytes());
    table.extend_from_slice(&0_u16.to_be_bytes());
    for field in [16 + 12 * count, 0, count] {
        table.extend_from_slice(&field.to_be_bytes());
    }
    for (sign, glyph) in icons {
        for field in [sign + OFFSET, sign + OFFSET, *glyph] {
            table.extend_from_slice(&field.to_be_bytes());
        }
    }
    table
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_no_font_stays_as_it_was() {
        assert_eq!(moved(b""), b"");
        assert_eq!(moved(b"\0\x01\0\0\0\x40 no tables here"), b"\0\x01\0\0\0\x40 no tables here");
        assert_eq!(moved(&PHOSPHOR[..60]), &PHOSPHOR[..60]);
    }

    #[test]
    fn the_icons_are_moved() {
        assert!(moved(PHOSPHOR).len() > PHOSPHOR.len());
    }
}
