//! How a station notices that its disk does not hold what it wrote: bytes under a checksum.

/// The bytes, and a checksum of them in front.
pub(crate) fn seal(bytes: &[u8]) -> Vec<u8> {
    let mut sealed = Vec::with_capacity(bytes.len() + 8);
    sealed.extend_from_slice(&checksum(bytes).to_le_bytes());
    sealed.extend_from_slice(bytes);
    sealed
}

/// The bytes, if they are what was sealed.
pub(crate) fn open(sealed: &[u8]) -> Option<&[u8]> {
    let (sum, bytes) = sealed.split_first_chunk::<8>()?;
    (checksum(bytes) == u64::from_le_bytes(*sum)).then_some(bytes)
}

/// FNV-1a (Fowler, Noll and Vo) with 64 bits over the bytes and their number. Each byte goes in by a bijection, so that a
/// change of one byte, or of one bit, is never missed; of other harm one in 2^64 is.
fn checksum(bytes: &[u8]) -> u64 {
    let length = (bytes.len() as u64).to_le_bytes();
    length.iter().chain(bytes).fold(0xcbf2_9ce4_8422_2325, |sum: u64, byte| {
        // Wrapping is what makes it a bijection: the factor is odd.
        (sum ^ u64::from(*byte)).wrapping_mul(0x0000_0100_0000_01b3)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_flipped_bit_and_every_missing_end_is_noticed() {
        let written = b"attitude = nadir".to_vec();
        let sealed = seal(&written);
        assert_eq!(open(&sealed), Some(&written[..]));
        for bit in 0..sealed.len() * 8 {
            let mut rotten = sealed.clone();
            rotten[bit / 8] ^= 1 << (bit % 8);
            assert_eq!(open(&rotten), None, "bit {bit}");
        }
        for length in 0..sealed.len() {
            assert_eq!(open(&sealed[..length]), None, "{length} bytes");
        }
        assert_eq!(open(&seal(&[])), Some(&[][..]));
    }
}
