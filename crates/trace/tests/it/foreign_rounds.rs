//! Histories of single operations, written down in each format of others that has them, and read again.

use constellation_trace::format::histories::{HistoryFormat, detect, read_any};
use constellation_trace::{Call, Completion};
use proptest::prelude::*;

/// What is done by a client that is idle, and how it ends for one that is not: its process, what, with which value.
type Step = (u8, u8, u8);

/// An operation as it is expected, with what its session is called.
struct Expected {
    session: String,
    call: Call,
    end: Option<Completion>,
}

/// A history in one format: its text, and what is to be read of it.
fn written(steps: &[Step], format: HistoryFormat) -> (String, Vec<Expected>) {
    let mut text = String::new();
    let mut expected: Vec<Expected> = Vec::new();
    let (mut open, mut lives) = ([None; 4], [0_u32; 4]);
    for &(process, what, value) in steps {
        let client = usize::from(process);
        let Some(place) = open[client] else {
            let call = called(what, value, expected.len(), format);
            text.push_str(&line(process, "invoke", &call, None, format));
            let life = lives[client];
            let session = if life == 0 { format!("p{process}") } else { format!("p{process}#{life}") };
            open[client] = Some(expected.len());
            expected.push(Expected { session, call, end: None });
            continue;
        };
        let Expected { call, end, .. } = &mut expected[place];
        open[client] = None;
        let (kind, completion) = match (what % 4, &*call) {
            (0, _) => ("fail", Completion::Failed { reason: ":lost".to_owned() }),
            (1, _) => {
                lives[client] += 1;
                ("info", Completion::Unknown { reason: ":lost".to_owned() })
            }
            (_, Call::Read { .. }) if value == 0 => ("ok", Completion::Shows(Vec::new())),
            (_, Call::Read { .. }) => ("ok", Completion::Shows(vec![value.to_string()])),
            _ => ("ok", Completion::Done),
        };
        text.push_str(&line(process, kind, call, Some(&completion), format));
        // Of one that failed for a reason nothing is known but what it would have written.
        if let (Call::CompareAndSet { key, value, .. }, "fail") = (&*call, kind) {
            *call = Call::Write { key: key.clone(), value: value.clone() };
        }
        *end = Some(completion);
    }
    (text, expected)
}

fn called(what: u8, value: u8, place: usize, format: HistoryFormat) -> Call {
    let key = format!("k{}", value % 3);
    let value = value.to_string();
    match what % 4 {
        0 => Call::Read { key },
        // Lists have keys of their own: a register shows no several values.
        1 => Call::Append { key: format!("l{key}"), value: format!("{place};") },
        2 if format != HistoryFormat::KeyValue => {
            Call::CompareAndSet { key, expected: value, value: place.to_string() }
        }
        _ => Call::Write { key, value },
    }
}

/// A beginning or an end.
fn line(process: u8, kind: &str, call: &Call, end: Option<&Completion>, format: HistoryFormat) -> String {
    let key = call.key().expect("all have one");
    let quoted =
        |text: &str| if format == HistoryFormat::KeyValue { format!("{text:?}") } else { text.to_owned() };
    let (name, value) = match call {
        Call::Read { .. } => match end {
            Some(Completion::Shows(shown)) => {
                ("read", shown.first().map_or("nil".to_owned(), |text| quoted(text)))
            }
            _ => ("read", "nil".to_owned()),
        },
        Call::Write { value, .. } => ("write", quoted(value)),
        Call::Append { value, .. } => ("append", format!("{value:?}")),
        Call::CompareAndSet { expected, value, .. } => ("cas", format!("[{expected} {value}]")),
        _ => panic!("none of these is made"),
    };
    let is_lost = matches!(kind, "fail" | "info");
    match format {
        HistoryFormat::Log => {
            let error = if is_lost { "\t:lost" } else { "" };
            format!("INFO  jepsen.util - {process}\t:{kind}\t:{name}\t[{key} {value}]{error}\n")
        }
        HistoryFormat::KeyValue => {
            let name = ["get", "put", "append"]
                [["read", "write", "append"].iter().position(|is| *is == name).unwrap()];
            let error = if is_lost { ", :error :lost" } else { "" };
            format!(
                "{{:process {process}, :type :{kind}, :f :{name}, :key {key:?}, :value {value}{error}}}\n"
            )
        }
        _ => {
            let error = if is_lost { ", :error :lost" } else { "" };
            format!("{{:process {process}, :type :{kind}, :f :{name}, :value [{key} {value}]{error}}}\n")
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn operations_are_read_as_they_were_written(
        steps in prop::collection::vec((0..4_u8, 0..8_u8, 0..6_u8), 1..24),
    ) {
        for format in [HistoryFormat::Edn, HistoryFormat::Log, HistoryFormat::KeyValue] {
            let (text, expected) = written(&steps, format);
            prop_assert_eq!(detect(text.as_bytes()), Some(format), "{}", text);
            let imported = read_any(text.as_bytes());
            prop_assert!(imported.is_ok(), "{text}{imported:?}");
            let imported = imported.expect("just asked");
            let operations = imported.history().expect("single ones").operations();
            prop_assert_eq!(operations.len(), expected.len(), "{}", text);
            for (operation, expected) in operations.iter().zip(&expected) {
                let session = imported.sessions.text(operation.session);
                prop_assert_eq!(session, Some(expected.session.as_str()), "{}", text);
                prop_assert_eq!(&operation.call, &expected.call, "{}", text);
                let end = operation.completed.as_ref().map(|(_, completion)| completion);
                prop_assert_eq!(end, expected.end.as_ref(), "{}", text);
            }
        }
    }
}
