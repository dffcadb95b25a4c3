//! Lengths as wide as this machine's addresses.

fn frame(out: &mut Vec<u8>, payload: &[u8]) {
    out.extend(payload.len().to_be_bytes()); //~ homogeneous::usize-to-bytes
    let count = payload.len();
    out.extend(count.to_le_bytes()); //~ homogeneous::usize-to-bytes
}

fn numbered(out: &mut Vec<u8>, number: usize) {
    out.extend(number.to_be_bytes()); //~ homogeneous::usize-to-bytes
}

fn read(header: [u8; 8]) -> usize {
    usize::from_be_bytes(header) //~ homogeneous::usize-to-bytes
}
