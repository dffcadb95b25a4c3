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
