//! A ring of hashes, as clients with consistent hashing have it: each target has points on it, and what is
//! asked for goes to the next point. A target's share is the length of the arcs before its points.

/// So many points has a target of mean weight, as in ketama (40 hashes of four points each); others have more
/// or less by their weight, and each at least one.
pub const POINTS: u32 = 160;
/// At most so many points have all targets together: with more than some hundred of them each has fewer.
pub const MOST_POINTS: u32 = 65_536;

/// The length of each target's arcs; the whole ring is 1. `serving` has the place in the answer, the name and
/// the weight (above 0) of those that are on the ring.
pub(super) fn arcs(targets: usize, serving: &[(usize, &[u8], f64)]) -> Vec<f64> {
    let mut arcs = vec![0.0; targets];
    let mut points: Vec<(u64, usize)> = Vec::new();
    for ((at, name, _), count) in serving.iter().zip(counts(serving)) {
        points.extend((0..count).map(|number| (hash(name, number), *at)));
    }
    points.sort_unstable();
    // Of two points at one place the first has the arc, as in a sorted map that is searched.
    points.dedup_by_key(|(place, _)| *place);
    let Some((last, _)) = points.last().copied() else { return arcs };
    let mut before = last;
    for (place, at) in &points {
        // The first point's arc begins behind the last one, around the ring.
        let length = if points.len() == 1 { u64::MAX } else { place.wrapping_sub(before) };
        if let Some(arc) = arcs.get_mut(*at) {
            *arc += part(length);
        }
        before = *place;
    }
    arcs
}

/// How many points each has.
fn counts(serving: &[(usize, &[u8], f64)]) -> Vec<u32> {
    let targets = u32::try_from(serving.len()).unwrap_or(u32::MAX).max(1);
    let points = f64::from(POINTS.min(MOST_POINTS / targets).max(1));
    let mean: f64 = serving.iter().map(|(_, _, weight)| weight / f64::from(targets)).sum();
    let most = f64::from(MOST_POINTS);
    let count = |weight: f64| {
        let count = if mean > 0.0 { (points * (weight / mean)).round() } else { points };
        if count.is_nan() { 1.0 } else { count.clamp(1.0, most) }
    };
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "1 to 65,536")]
    serving.iter().map(|(_, _, weight)| count(*weight) as u32).collect()
}

#[expect(clippy::cast_precision_loss, reason = "a part in 2^53 is not seen")]
fn part(length: u64) -> f64 {
    length as f64 / u64::MAX as f64
}

/// FNV-1a over the name and the number, its bits well mixed: the same on every machine.
fn hash(name: &[u8], number: u32) -> u64 {
    let mut hash = 0xcbf2_9ce4_8422_2325_u64;
    for byte in name.iter().chain(&number.to_le_bytes()) {
        hash = (hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3);
    }
    hash = (hash ^ (hash >> 33)).wrapping_mul(0xff51_afd7_ed55_8ccd);
    hash = (hash ^ (hash >> 33)).wrapping_mul(0xc4ce_b9fe_1a85_ec53);
    hash ^ (hash >> 33)
}
