//! A text with its words moved about, for the test beside it and for the fuzzer.

/// The text with some of its words or signs left out, doubled, or in place of others.
pub(crate) fn moved(text: &[u8], seed: u32) -> Vec<u8> {
    let is_of_word = |byte: &u8| byte.is_ascii_alphanumeric() || *byte == b'_' || !byte.is_ascii();
    let pieces: Vec<&[u8]> = text.chunk_by(|one, other| is_of_word(one) && is_of_word(other)).collect();
    if pieces.is_empty() {
        return Vec::new();
    }
    // A linear congruence (Knuth, MMIX) is random enough.
    let mut state = u64::from(seed);
    let mut draw = |below: usize| {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (state >> 33) as usize % below
    };
    let (from, to) = (draw(pieces.len()), draw(pieces.len() + 1));
    let long = 1 + draw((pieces.len() - from).min(24));
    let (before, behind) = pieces.split_at(to);
    let behind = match draw(3) {
        0 => &behind[draw(behind.len() + 1).min(long)..],
        1 => behind.get(1..).unwrap_or_default(),
        _ => behind,
    };
    [before, &pieces[from..from + long], behind].concat().concat()
}
