//! Lengths of a fixed width.

fn frame(out: &mut Vec<u8>, payload: &[u8]) -> Result<(), Error> {
    out.extend((payload.len() as u32).to_be_bytes());
    out.extend(u32::try_from(payload.len())?.to_be_bytes());
    let count = payload.len() as u64;
    out.extend(count.to_le_bytes());
    Ok(())
}

fn numbered(out: &mut Vec<u8>, number: u64) {
    out.extend(number.to_be_bytes());
}

fn mix(buffer: &mut [u8], bytes: &[u8]) {
    let position = bytes.len();
    buffer.copy_from_slice(&position.to_le_bytes()[0..4]);
}
