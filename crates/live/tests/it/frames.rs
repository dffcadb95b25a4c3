//! Frames on a stream: however it is cut into pieces, the same come out; and nothing is believed that is not there.

use constellation_live::frame::{FRAME_BYTES_MAX, FrameError, Frames, framed};
use proptest::prelude::*;
use tokio::io::{AsyncWriteExt as _, duplex};

fn runtime() -> tokio::runtime::Runtime {
    tokio::runtime::Builder::new_current_thread().build().expect("a runtime without I/O")
}

/// What is read of these bytes, which come in pieces of so many.
fn read(bytes: &[u8], piece: usize, bytes_max: usize) -> (Vec<Vec<u8>>, Option<FrameError>) {
    runtime().block_on(async {
        let (mut writer, reader) = duplex(piece);
        let write = async move {
            // The reader may have hung up.
            let _ = writer.write_all(bytes).await;
        };
        let read = async {
            let (mut frames, mut found) = (Frames::new(reader, bytes_max), Vec::new());
            loop {
                match frames.next().await {
                    Ok(Some(frame)) => found.push(frame),
                    Ok(None) => return (found, None),
                    Err(error) => return (found, Some(error)),
                }
            }
        };
        tokio::join!(write, read).1
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn what_is_written_is_read_however_it_is_cut(
        frames in prop::collection::vec(prop::collection::vec(any::<u8>(), 0..40), 0..12),
        piece in 1_usize..64,
        lost in 0_usize..5,
    ) {
        let stream: Vec<u8> = frames.iter().flat_map(|frame| framed(frame).expect("it is short")).collect();
        let kept = &stream[..stream.len().saturating_sub(lost)];
        let (found, error) = read(kept, piece, FRAME_BYTES_MAX);
        prop_assert!(frames.starts_with(&found));
        let whole: usize = found.iter().map(|frame| frame.len() + 4).sum();
        prop_assert_eq!(matches!(error, Some(FrameError::Truncated)), whole < kept.len());
        prop_assert!(lost > 0 || found.len() == frames.len());
    }

    #[test]
    fn no_bytes_do_harm(stream in prop::collection::vec(any::<u8>(), 0..200), piece in 1_usize..64) {
        let (found, _) = read(&stream, piece, 16);
        prop_assert!(found.iter().all(|frame| frame.len() <= 16));
    }
}

#[test]
fn what_is_too_long_is_refused_before_it_is_read() {
    let (found, error) = read(&17_u32.to_le_bytes(), 64, 16);
    assert_eq!(found, [] as [Vec<u8>; 0]);
    assert_eq!(
        error.map(|error| error.to_string()).as_deref(),
        Some("a frame of 17 bytes, and 16777216 are the most allowed")
    );
    let refused = framed(&vec![0; FRAME_BYTES_MAX + 1]).map(|_| ()).expect_err("one byte too many");
    assert_eq!(refused.to_string(), "a frame of 16777217 bytes, and 16777216 are the most allowed");
    let (_, error) = read(&[3, 0, 0, 0, 1], 64, 16);
    assert_eq!(
        error.map(|error| error.to_string()).as_deref(),
        Some("the stream ends in the middle of a frame")
    );
}
