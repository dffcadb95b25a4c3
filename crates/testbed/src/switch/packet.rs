//! What the switch knows of a packet: where it goes, and how to corrupt it so that no checksum sees it.

use crate::address;

/// The least that an IPv4 header takes, in bytes.
const HEADER_BYTES_MIN: usize = 20;

/// To which site an IPv4 packet goes; `None` for what is none, or goes elsewhere.
pub(super) fn target(packet: &[u8]) -> Option<usize> {
    if packet.len() < HEADER_BYTES_MIN || packet.first()? >> 4 != 4 {
        return None;
    }
    address::site_of(*packet.get(16..)?.first_chunk()?).map(usize::from)
}

/// Exchanges two different words of 16 bits of what a TCP or UDP packet carries: their checksum is a sum of such words, so
/// it stays right, as with the errors that Stone and Partridge (2000) found in real traffic. `None` if there are no two.
pub(super) fn corrupt(packet: &mut [u8], how: u32) -> Option<()> {
    const TCP: u8 = 6;
    const UDP: u8 = 17;
    let internet = usize::from(packet.first()? & 0x0f) * 4;
    // A fragment has no header of its own.
    let is_fragment = packet.get(6)? & 0x3f != 0 || *packet.get(7)? != 0;
    let transport = match *packet.get(9)? {
        _ if is_fragment => return None,
        TCP => usize::from(packet.get(internet + 12)? >> 4) * 4,
        UDP => 8,
        _ => return None,
    };
    let payload = packet.get_mut(internet + transport..)?;
    let (words, _) = payload.as_chunks_mut::<2>();
    let count = words.len();
    let first = usize::try_from(how).ok()?.checked_rem(count)?;
    let second = (1..count).map(|step| (first + step) % count).find(|other| words[*other] != words[first])?;
    words.swap(first, second);
    Some(())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A UDP packet to `10.77.3.1`, without checksums.
    fn packet(payload: &[u8]) -> Vec<u8> {
        let mut packet = vec![0x45, 0, 0, 0, 0, 0, 0x40, 0, 64, 17, 0, 0, 10, 77, 1, 1, 10, 77, 3, 1];
        packet.extend_from_slice(&[0; 8]);
        packet.extend_from_slice(payload);
        packet
    }

    /// What both TCP and UDP take of what they carry: the sum of its words, with the carry added again.
    fn checksum(payload: &[u8]) -> u64 {
        let (words, rest) = payload.as_chunks::<2>();
        let last = rest.first().map_or(0, |byte| u64::from(*byte) << 8);
        let sum = words.iter().map(|word| u64::from(u16::from_be_bytes(*word))).sum::<u64>() + last;
        sum % 0xffff
    }

    #[test]
    fn a_packet_goes_where_its_address_says_and_nowhere_else() {
        assert_eq!(target(&packet(b"")), Some(2));
        let mut other = packet(b"");
        other[17] = 78;
        assert_eq!(target(&other), None);
        other[17] = 77;
        other[18] = 0;
        assert_eq!(target(&other), None);
        assert_eq!(target(&packet(b"")[..19]), None);
        assert_eq!(target(&[0x60; 40]), None);
        assert_eq!(target(&[]), None);
    }

    #[test]
    fn what_is_corrupted_differs_and_its_checksum_does_not() {
        let payload: Vec<u8> = (0..101).collect();
        for how in (0..60).chain([65_535]) {
            let mut corrupted = packet(&payload);
            assert_eq!(corrupt(&mut corrupted, how), Some(()));
            assert_ne!(corrupted, packet(&payload));
            assert_eq!(corrupted[..28], packet(&payload)[..28]);
            assert_eq!(checksum(&corrupted[28..]), checksum(&payload));
        }
    }

    #[test]
    fn where_nothing_can_be_exchanged_nothing_is() {
        for payload in [&[][..], &[1], &[1, 2], &[7; 40]] {
            let mut same = packet(payload);
            assert_eq!(corrupt(&mut same, 3), None);
            assert_eq!(same, packet(payload));
        }
        let mut fragment = packet(b"abcdefgh");
        fragment[7] = 1;
        assert_eq!(corrupt(&mut fragment, 0), None);
        // A header that says that it is longer than the packet.
        let mut torn = packet(b"");
        torn[9] = 6;
        torn.truncate(30);
        assert_eq!(corrupt(&mut torn, 0), None);
    }
}
