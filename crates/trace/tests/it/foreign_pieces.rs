//! Histories that come in pieces: wherever these end, the same is read and the same is refused.

use std::io::{self, BufRead, BufReader, Cursor, Read};

use constellation_trace::format::histories::{HistoryFormat, RECORD_BYTES_MAX, read, read_from};
use constellation_trace::format::{FormatError, Problem};
use proptest::prelude::*;

/// What is read when the text comes in pieces of this length, as far as it can be told.
fn told(bytes: &[u8], format: HistoryFormat, piece: usize) -> Result<String, FormatError> {
    let input = BufReader::with_capacity(piece, bytes);
    read_from(input, format, &mut |_| false).map(|imported| format!("{imported:?}"))
}

/// That pieces make no difference, and that an error shows its line as it stands in the text.
fn check(bytes: &[u8], format: HistoryFormat) {
    let whole = read(bytes, format).map(|imported| format!("{imported:?}"));
    for piece in [1, 2, 7, 4096] {
        assert_eq!(told(bytes, format, piece), whole, "{format}, pieces of {piece}");
    }
    let (Err(error), Ok(text)) = (&whole, std::str::from_utf8(bytes)) else { return };
    if format == HistoryFormat::Trace {
        // Its lines are shown with their `\r`.
        return;
    }
    let text = text.strip_prefix('\u{feff}').unwrap_or(text).replace("\r\n", "\n");
    if error.place.line == 1 && error.text.is_empty() {
        // It is about the text as a whole.
        return;
    }
    let line = text.split('\n').nth(error.place.line as usize - 1).expect("the line is there");
    let line = line.trim_end_matches('\r');
    let shown: String = line.chars().skip(error.text_column as usize - 1).take(160).collect();
    assert_eq!(error.text, shown, "{format}: {error}");
    let (column, length) = (error.place.column as usize, line.chars().count());
    assert!(column <= length + 1, "{format}: {error} in a line of {length}");
}

/// A text of this format, and what stands between two of its records.
fn written(format: HistoryFormat, records: &[(u8, u8, u8)]) -> String {
    let (mut text, mut open) = (String::new(), [None; 4]);
    for (place, &(process, what, value)) in records.iter().enumerate() {
        let is_write = what % 2 == 0;
        text.push_str(&match format {
            HistoryFormat::Plume => {
                let letter = if is_write { 'w' } else { 'r' };
                format!("{letter}({value},{},{process},{place})\n", what % 3)
            }
            HistoryFormat::Blocks if what == 7 => "-----\n".to_owned(),
            HistoryFormat::Blocks if what == 6 => "=====\n".to_owned(),
            HistoryFormat::Blocks => format!("{} {value} {place}\n", if is_write { 'w' } else { 'r' }),
            HistoryFormat::Sketch => format!("s{place}  w(x,{value})  {{r(x,{what}) w(\"é\",{process})}}!\n"),
            HistoryFormat::Trace => {
                let head = "{\"schema\":\"constellation/trace/1\",\"nodes\":[\"a\",\"é\"]}\n";
                let event = format!("{{\"event\":{place},\"node\":\"é\",\"at_ns\":{place},\"do\":");
                let call = format!("\"invoke\",\"operation\":{place},\"call\":\"read\",\"key\":\"x\"}}\n");
                format!("{}{event}{call}", if place == 0 { head } else { "" })
            }
            _ => {
                let slot = &mut open[usize::from(process) % 4];
                let (kind, is_write) = match slot.take() {
                    None => ("invoke", is_write),
                    Some(begun) => (["ok", "info"][usize::from(what == 5)], begun),
                };
                *slot = (kind == "invoke").then_some(is_write);
                jepsen(format, process % 4, (kind, is_write), (what, value))
            }
        });
    }
    text
}

/// A record of Jepsen, with what may stand around it.
fn jepsen(
    format: HistoryFormat,
    process: u8,
    (kind, is_write): (&str, bool),
    (what, value): (u8, u8),
) -> String {
    let verb = if is_write { "write" } else { "read" };
    if format == HistoryFormat::Log {
        let noise = if what == 3 { "INFO jepsen.core - Čeká se\n" } else { "" };
        return format!("{noise}INFO  jepsen.util - {process}\t:{kind}\t:{verb}\t{value}\n");
    }
    let between = ["\n", " ", ", ", "\r\n", " ; a comment é ]\n", " #_ [left (out)]\n", "\n\n\t", " #op "];
    let key = if format == HistoryFormat::KeyValue { ":key \"k\", " } else { "" };
    let shown = if format == HistoryFormat::KeyValue { format!("\"{value}\"") } else { value.to_string() };
    let between = between[usize::from(what) % between.len()];
    format!("{{:process {process}, :type :{kind}, :f :{verb}, {key}:value {shown}}}{between}")
}

/// Something else that may stand in a text.
const OTHERS: [&[u8]; 18] = [
    b"{",
    b"}",
    b"[",
    b"]",
    b"(",
    b"\"",
    b"\\",
    b"#",
    b"#_",
    b";",
    b"\n",
    b"\r",
    b"\r\n",
    b"\xff",
    b"\xc3",
    "é".as_bytes(),
    "\u{feff}".as_bytes(),
    b" {:process 1, :type :ok, :f :add, :value x} ",
];

proptest! {
    #![proptest_config(ProptestConfig { cases: 60, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn where_a_piece_ends_makes_no_difference(
        records in prop::collection::vec((0..6_u8, 0..8_u8, 0..6_u8), 1..120),
        changes in prop::collection::vec((any::<prop::sample::Index>(), 0..OTHERS.len(), 0..6_usize), 0..3),
        is_collection in any::<bool>(),
    ) {
        for (_, format) in HistoryFormat::NAMES {
            let mut bytes = written(format, &records).into_bytes();
            if is_collection && matches!(format, HistoryFormat::Edn | HistoryFormat::KeyValue) {
                bytes = [b"[", &*bytes, b"]"].concat();
            }
            check(&bytes, format);
            for (place, other, removed) in &changes {
                let start = place.index(bytes.len());
                let end = (start + removed).min(bytes.len());
                bytes.splice(start..end, OTHERS[*other].iter().copied());
            }
            check(&bytes, format);
            check(&bytes[..bytes.len() / 2], format);
        }
    }
}

#[test]
fn every_beginning_of_a_text_is_read_alike() {
    let text = "; é\r\n#_ x [#op {:process 0, :type :invoke, :f :write, :value [\\a \"b\\\"]\"]}\r\n^{:m 1} {:process 0 :type :ok :f :write :value nil} #{} ]";
    for end in 0..=text.len() {
        check(&text.as_bytes()[..end], HistoryFormat::Edn);
    }
}

#[test]
fn an_error_far_behind_in_a_line_is_shown_with_what_stands_around_it() {
    let record = "{:process 0, :type :invoke, :f :read} {:process 0, :type :ok, :f :read} ";
    let text = format!("\n[{} {{:process ü}}, {}]", record.repeat(3_000), record.repeat(3_000));
    check(text.as_bytes(), HistoryFormat::Edn);
    let error = read(text.as_bytes(), HistoryFormat::Edn).expect_err("it has no type");
    assert_eq!(error.to_string(), "line 2, column 216003: the key `:type` is missing");
    assert_eq!(error.text_column, 216_002 - 59);
    assert!(error.text[60..].starts_with("{:process ü}, {:process 0"), "{}", error.text);
    assert_eq!(error.text.chars().count(), 160);
}

#[test]
fn what_is_too_long_to_be_held_is_refused_where_it_begins() {
    let long = "x".repeat(RECORD_BYTES_MAX - 20);
    for (format, before, opens, closes) in [
        (HistoryFormat::Edn, "{:process :a, :type :info, :f :b} ", "{:process :a, :type :info, :f ", "}"),
        (HistoryFormat::Log, "hello\n", "hello, this is a very long line ", "\n"),
        (HistoryFormat::Plume, "w(0,1,1,1)\n", "                                ", "\n"),
        (HistoryFormat::Sketch, "p w(x,1)\n", "q w(x,1) w(x,2) w(x,3) w(x,4)   ", "\n"),
    ] {
        let text = format!("\n{before}{opens}{long}{closes}");
        let error = read(text.as_bytes(), format).expect_err("it is too long");
        let (what, line, column) = match format {
            HistoryFormat::Edn => ("the record that begins here", 2, before.len() + 1),
            _ => ("this line", 3, 1),
        };
        assert_eq!(error.problem.to_string(), format!("{what} is longer than {RECORD_BYTES_MAX} bytes"));
        assert_eq!((error.place.line, error.place.column as usize), (line, column), "{format}");
        assert_eq!(told(text.as_bytes(), format, 1 << 13), Err(error), "{format}");
    }
}

#[test]
fn a_record_is_as_long_as_may_be() {
    let record = |length: usize| format!("{{:process :a, :type :info, :f \"{}\"}}", "x".repeat(length));
    let free = RECORD_BYTES_MAX - record(0).len();
    let after = "{:process 0, :type :invoke, :f :read} ";
    for (length, is_read) in [(free, true), (free + 1, false)] {
        let text = format!("{}{after}", record(length).replace(":f \"", ":f :").replace("\"}", " }"));
        assert_eq!(read(text.as_bytes(), HistoryFormat::Edn).is_ok(), is_read, "{length}");
    }
}

#[test]
fn blanks_and_comments_are_passed_however_long() {
    let long = RECORD_BYTES_MAX + 10;
    let text = format!(
        "{};{}\n {{:process 0, :type :invoke, :f :read}} {}",
        "\n ".repeat(long / 2),
        "x".repeat(long),
        ",".repeat(long)
    );
    let imported = read(text.as_bytes(), HistoryFormat::Edn).expect("it is one record");
    assert_eq!(imported.line(0), Some(long as u32 / 2 + 2));
}

#[test]
fn blanks_and_comments_without_end_are_read_until_it_is_said_to_be_enough() {
    let before = "{:process 0, :type :invoke, :f :read}\n";
    for (filler, begin) in [(b'\n', ""), (b',', ""), (b'x', ";")] {
        // Far more than is enough; without an end, a reader that does not ask would never come back.
        let text = format!("{before}{begin}");
        let endless = BufReader::new(text.as_bytes().chain(io::repeat(filler).take(1 << 25)));
        let mut seen = 0;
        let stopped = read_from(endless, HistoryFormat::Edn, &mut |progress| {
            seen = progress.bytes;
            seen > 1_000_000
        });
        assert_eq!(stopped.expect_err("it was enough").problem, Problem::Stopped);
        assert!(seen < 1_200_000, "{seen} bytes were read");
    }
}

#[test]
fn forms_that_are_commented_out_are_passed_however_many() {
    let record = "{:process 0, :type :invoke, :f :read}";
    let count = RECORD_BYTES_MAX / 60;
    let unread = format!("#_{{:process 1, :type {:>40}}}\n", ":info").repeat(count);
    assert!(unread.len() > RECORD_BYTES_MAX);
    for text in [
        format!("{record}\n{unread}"),
        format!("{unread}{record}\n"),
        format!("{unread}[{unread}{record}\n{unread}]{unread}"),
    ] {
        let imported = read(text.as_bytes(), HistoryFormat::Edn).expect("it is one record");
        assert_eq!(imported.history().map(|history| history.operations().len()), Some(1));
    }
    for text in ["#_ #_ 1 2 {:process 0 :type :invoke :f :read}#", "#_", "[#_]", "#_1#_[2 #_3]"] {
        check(text.as_bytes(), HistoryFormat::Edn);
    }
}

/// Something that fails once so much was read of it.
struct Failing(Cursor<Vec<u8>>);

impl Read for Failing {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        match self.0.read(into)? {
            0 => Err(io::Error::other("the disk is gone")),
            count => Ok(count),
        }
    }
}

#[test]
fn what_cannot_be_read_is_told_with_its_place() {
    for (format, text) in [
        (HistoryFormat::Plume, "w(0,1,1,1)\nw(0,2,"),
        (HistoryFormat::Edn, "{:process 0, :type :invoke, :f :read}\n{:pro "),
    ] {
        let input: &mut dyn BufRead = &mut BufReader::new(Failing(Cursor::new(text.into())));
        let error = read_from(input, format, &mut |_| false).expect_err("it fails");
        assert_eq!(error.problem, Problem::Io("the disk is gone".to_owned()));
        assert_eq!(error.to_string(), "line 2, column 7: reading failed: the disk is gone");
    }
}

#[test]
fn who_watches_learns_how_much_is_read_and_held() {
    let lines = (0..10_240).map(|nth| format!("w(0,{nth},{},{nth})\n", nth % 7));
    let text = lines.collect::<String>();
    let mut seen = Vec::new();
    let read = read_from(text.as_bytes(), HistoryFormat::Plume, &mut |progress| {
        seen.push(*progress);
        false
    });
    assert!(read.is_ok());
    assert_eq!(seen.len(), 11);
    assert!(seen.windows(2).all(|pair| pair[0].bytes <= pair[1].bytes && pair[0].held <= pair[1].held));
    let last = seen[10];
    assert_eq!(last.bytes, text.len() as u64);
    assert!((10_000 * 32..11_000 * 32).contains(&last.held), "{last:?}");
}

#[test]
fn who_watches_learns_of_long_texts_soon_and_of_all_of_them() {
    const LENGTH: usize = 200_000;
    let long = |nth: usize| format!("{nth}{}", "x".repeat(LENGTH));
    let record =
        |of: String| format!("{{:process 0, :type :invoke, {of}}}\n{{:process 0, :type :ok, {of}}}\n");
    let write = |nth| record(format!(":f :write, :value \"{}\"", long(nth)));
    let read = |nth| record(format!(":f :read, :value \"{}\"", long(nth)));
    let add = |nth| record(format!(":f :add, :value [{nth} \"{}\"]", long(nth)));
    let append = |nth| record(format!(":f :txn, :value [[:append 1 \"{}\"]]", long(nth)));
    let log = |nth| format!("0\t:invoke\t:write\t\"{}\"\n0\t:fail\t:write\tnil\n", long(nth));
    type Record<'a> = &'a dyn Fn(usize) -> String;
    let cases: [(Record<'_>, HistoryFormat, usize); 5] = [
        (&write, HistoryFormat::Edn, 1),
        (&read, HistoryFormat::Edn, 1),
        // As it stands and taken apart.
        (&add, HistoryFormat::Edn, 2),
        // A table holds each text twice.
        (&append, HistoryFormat::Edn, 2),
        (&log, HistoryFormat::Log, 1),
    ];
    for (written, format, times) in cases {
        let text = (0..20).map(written).collect::<String>();
        let mut seen = Vec::new();
        let imported = read_from(text.as_bytes(), format, &mut |progress| {
            seen.push(*progress);
            false
        });
        assert!(imported.is_ok(), "{imported:?}");
        let last = seen[seen.len() - 1].held;
        let texts = (20 * times * LENGTH) as u64;
        assert!((texts..texts + 20_000).contains(&last), "{format}: {last} bytes of {texts}");
        let far = seen.windows(2).map(|pair| pair[1].bytes - pair[0].bytes).max();
        assert!(far <= Some(500_000), "{far:?} bytes were read without a word");
    }
}

/// What is held in the end of 10,000 transactions, one after the other, behind some that may end or not.
fn held_of_transactions(before: &str) -> (u64, Vec<u32>) {
    let lines = (0..10_000).map(|nth| {
        let value = format!(":f :txn, :value [[:r 1 {nth}] [:w 1 {}]]", nth + 1);
        format!("{{:process 1, :type :invoke, {value}}}\n{{:process 1, :type :ok, {value}}}\n")
    });
    let text = before.to_owned() + &lines.collect::<String>();
    let mut held = 0;
    let imported = read_from(text.as_bytes(), HistoryFormat::Edn, &mut |progress| {
        held = progress.held;
        false
    });
    let imported = imported.expect("it is well written");
    (held, (0..3).filter_map(|place| imported.line(place)).collect())
}

#[test]
fn a_transaction_is_held_in_columns_as_soon_as_all_before_it_are_over() {
    let invoked = "{:process 9, :type :invoke, :f :txn, :value [[:w 2 1]]}\n";
    let given_up = "{:process 9, :type :info, :f :txn, :value nil}\n";
    let (held, lines) = held_of_transactions(&format!("{invoked}{given_up}"));
    assert_eq!(lines, [1, 3, 5]);
    assert!((10_000 * 64..10_100 * 64).contains(&held), "{held}");
    let (held, lines) = held_of_transactions(invoked);
    assert_eq!(lines, [1, 2, 4], "they stand in the order in which they began");
    assert!(held > 10_000 * 80, "{held} bytes, though the first never ends");
}

#[test]
fn taking_texts_apart_ends_when_it_is_said() {
    // Two values of one letter each, and a text of a million.
    let record = |kind: &str, name: &str, value: &str| {
        format!("{{:process 0 :type :{kind} :f :{name} :key \"x\" :value \"{value}\"}}\n")
    };
    let both = |name, value| record("invoke", name, value) + &record("ok", name, value);
    let text = both("append", "a") + &both("append", "b") + &both("get", &"ab".repeat(500_000));
    let (mut looks, mut before) = (0, 0);
    let whole = read_from(text.as_bytes(), HistoryFormat::KeyValue, &mut |progress| {
        looks += 1;
        before += u32::from(progress.bytes < text.len() as u64);
        false
    });
    assert!(whole.is_ok(), "{whole:?}");
    assert!(looks - before > 30, "it is asked {looks} times, {before} of them while it reads");
    let mut left = before + 3;
    let stopped = read_from(text.as_bytes(), HistoryFormat::KeyValue, &mut |_| {
        left -= 1;
        left == 0
    });
    assert_eq!(stopped.unwrap_err().problem, Problem::Stopped);
    assert_eq!(left, 0);
}
