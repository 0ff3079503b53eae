//! Lists of people as bytes: ascending ranks, each as its distance from the one before (LEB128).
//! A frequent surname of a large city takes one byte a person.

use replica::StoreError;

/// Packs ascending ranks.
pub(super) fn packed(ranks: &[u32]) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(ranks.len() + 4);
    let mut before = 0;
    for rank in ranks {
        let mut distance = rank.wrapping_sub(before);
        before = *rank;
        while distance >= 0x80 {
            bytes.push(low_bits(distance) | 0x80);
            distance >>= 7;
        }
        bytes.push(low_bits(distance));
    }
    bytes
}

fn low_bits(distance: u32) -> u8 {
    u8::try_from(distance & 0x7f).unwrap_or_default()
}

/// Adds the ranks in `bytes` to `ranks`.
///
/// # Errors
/// When they are no such list.
pub(super) fn unpack(bytes: &[u8], ranks: &mut Vec<u32>) -> Result<(), StoreError> {
    let (mut rank, mut distance, mut shift) = (0_u32, 0_u32, 0_u32);
    ranks.reserve(bytes.len());
    for byte in bytes {
        if shift > 28 {
            return Err(StoreError::Damaged);
        }
        distance |= u32::from(byte & 0x7f) << shift;
        shift += 7;
        if byte & 0x80 == 0 {
            rank = rank.checked_add(distance).ok_or(StoreError::Damaged)?;
            ranks.push(rank);
            (distance, shift) = (0, 0);
        }
    }
    if shift == 0 {
        Ok(())
    } else {
        Err(StoreError::Damaged)
    }
}

/// What two ascending lists have in common, left in the first.
pub(super) fn intersect(ranks: &mut Vec<u32>, other: &[u32]) {
    let mut rest = other;
    ranks.retain(|rank| {
        // A short list against a long one: leap by halves, not step by step.
        let mut leap = 1;
        while rest.get(leap).is_some_and(|at| at < rank) {
            leap *= 2;
        }
        let window = rest.get(..leap.saturating_add(1)).unwrap_or(rest);
        let skip = window.partition_point(|at| at < rank);
        rest = rest.get(skip..).unwrap_or_default();
        rest.first() == Some(rank)
    });
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn what_was_packed_is_unpacked(set in prop::collection::btree_set(any::<u32>(), 0..200)) {
            let ranks: Vec<u32> = set.into_iter().collect();
            let mut again = Vec::new();
            unpack(&packed(&ranks), &mut again).unwrap();
            prop_assert_eq!(again, ranks);
        }

        #[test]
        fn any_bytes_are_answered(bytes in prop::collection::vec(any::<u8>(), 0..60)) {
            let mut ranks = Vec::new();
            if unpack(&bytes, &mut ranks).is_ok() {
                prop_assert!(ranks.is_sorted());
            }
        }

        #[test]
        fn intersection_is_what_sets_have_in_common(
            one in prop::collection::btree_set(0_u32..500, 0..60),
            other in prop::collection::btree_set(0_u32..500, 0..400),
        ) {
            let mut ranks: Vec<u32> = one.iter().copied().collect();
            intersect(&mut ranks, &other.iter().copied().collect::<Vec<_>>());
            let common: BTreeSet<u32> = one.intersection(&other).copied().collect();
            prop_assert_eq!(ranks, common.into_iter().collect::<Vec<_>>());
        }
    }
}
