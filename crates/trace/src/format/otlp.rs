//! Traces in OTLP-JSON, as OpenTelemetry's collectors and exporters write them: one object with `resourceSpans`, or several.
//!
//! A service is the instance that its resource names (`service.name` and `service.instance.id`). Of each span are read its
//! ids, in hexadecimal of any case, its name, its times, its parent and its links; whatever else stands there is passed over,
//! as the specification wants, at any depth and without recursion. A 64-bit number may be a number or a string of digits.
//!
//! A span that stands there twice, all alike, was sent twice, and is counted once; two that differ under one number are
//! refused. What a span says began it may be in another file: such parents and links are counted.
//!
//! ```
//! use constellation_trace::format::otlp::read;
//!
//! let text = r#"{"resourceSpans":[{"resource":{"attributes":[
//!     {"key":"service.name","value":{"stringValue":"relay"}}]},
//!     "scopeSpans":[{"spans":[{"traceId":"5B8EFFF798038103D269B633813FC60C","spanId":"eee19b7ec3c1b174",
//!     "name":"pass","startTimeUnixNano":"1544712660000000000","endTimeUnixNano":1544712661000000000}]}]}]}"#;
//! let spans = read(text.as_bytes())?;
//! assert_eq!(spans.services.iter().collect::<Vec<_>>(), ["relay"]);
//! assert_eq!(spans.spans[0].end_ns, Some(1_544_712_661_000_000_000));
//! # Ok::<(), constellation_trace::format::FormatError>(())
//! ```

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::ops::Range;

use super::json::{Flaw, Scanner, cut, has_key};
use super::{FormatError, Problem, narrow, shiviz};
use crate::log::Place;
use crate::spans::{Span, SpanOrder, SpanReason, Spans};

/// Whether a text begins with an object that OTLP-JSON writes for traces. O(length), without recursion.
pub(super) fn is_otlp(bytes: &[u8]) -> bool {
    let bytes = bytes.strip_prefix("\u{feff}".as_bytes()).unwrap_or(bytes);
    std::str::from_utf8(bytes).is_ok_and(|text| has_key(text, "resourceSpans"))
}

/// Reads spans; any bytes at all give spans or an error.
///
/// In time linear in the length of the text but for sorting; holds the text and what is read.
///
/// # Errors
/// [`FormatError`], with the place, for what is no text, no JSON or not as the specification has it, and for two spans of one
/// number.
pub fn read(bytes: &[u8]) -> Result<Spans, FormatError> {
    let text = shiviz::decode(bytes)?;
    let mut reader = Reader { lines: Lines::new(&text), raw: Vec::new(), spans: Spans::default() };
    let mut scanner = Scanner::new(&text);
    let outcome = reader.file(&mut scanner).and_then(|()| reader.resolve());
    match outcome {
        Ok(()) => Ok(reader.spans),
        Err(fault) => Err(reader.lines.error(fault)),
    }
}

/// What is wrong, at these bytes of the text.
struct Fault {
    span: Range<usize>,
    problem: Problem,
}

impl From<Flaw> for Fault {
    fn from(flaw: Flaw) -> Fault {
        let Flaw { span, expected, found } = flaw;
        let found = if found == "the end of the line" { "the end of the text".to_owned() } else { found };
        Fault { span, problem: Problem::Unexpected { expected, found } }
    }
}

/// Which span is meant, over all traces.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
struct SpanKey {
    trace: [u8; 16],
    id: [u8; 8],
}

/// A span with what it says of others.
struct Raw {
    span: Span,
    parent: Option<[u8; 8]>,
    links: Vec<SpanKey>,
    at: Range<usize>,
}

struct Reader<'t> {
    lines: Lines<'t>,
    raw: Vec<Raw>,
    spans: Spans,
}

impl Reader<'_> {
    /// One object after another.
    fn file(&mut self, scanner: &mut Scanner<'_>) -> Result<(), Fault> {
        loop {
            let start = scanner.position();
            let mut is_told = false;
            fields(scanner, "an object with `resourceSpans`", &["resourceSpans"], |scanner, _| {
                is_told = true;
                scanner.array("an array of resources", |scanner| self.resource(scanner))
            })?;
            if !is_told {
                return Err(Fault { span: start..start + 1, problem: Problem::MissingKey("resourceSpans") });
            }
            if scanner.peek().is_none() {
                return Ok(());
            }
        }
    }

    /// The spans of one service; what it is called may stand behind them.
    fn resource(&mut self, scanner: &mut Scanner<'_>) -> Result<(), Fault> {
        let start = scanner.position();
        let first = self.raw.len();
        let (mut name, mut instance) = (String::new(), String::new());
        fields(
            scanner,
            "an object with `scopeSpans`",
            &["resource", "scopeSpans"],
            |scanner, key| match key {
                "resource" => fields(scanner, "a resource", &["attributes"], |scanner, _| {
                    scanner.array("an array of attributes", |scanner| {
                        match attribute(scanner)? {
                            (key, Some(value)) if key == "service.name" => name = value,
                            (key, Some(value)) if key == "service.instance.id" => instance = value,
                            _ => {}
                        }
                        Ok(())
                    })
                }),
                _ => scanner.array("an array of scopes", |scanner| {
                    fields(scanner, "an object with `spans`", &["spans"], |scanner, _| {
                        scanner.array("an array of spans", |scanner| self.span(scanner))
                    })
                }),
            },
        )?;
        let service = match (name.is_empty(), instance.is_empty()) {
            (true, true) => "(no service.name)".to_owned(),
            (false, true) => name,
            (true, false) => instance,
            (false, false) => format!("{name} ({instance})"),
        };
        let full = || Fault { span: start..start + 1, problem: Problem::TooLong };
        let service = self.spans.services.intern(&service).ok_or_else(full)?;
        self.raw[first..].iter_mut().for_each(|raw| raw.span.service = service);
        Ok(())
    }

    fn span(&mut self, scanner: &mut Scanner<'_>) -> Result<(), Fault> {
        const KNOWN: [&str; 7] =
            ["traceId", "spanId", "parentSpanId", "name", "startTimeUnixNano", "endTimeUnixNano", "links"];
        let start = scanner.position();
        let (mut trace, mut id, mut parent, mut links) = (None, None, None, Vec::new());
        let (mut name, mut start_ns, mut end_ns) = (String::new(), None, None);
        fields(scanner, "a span", &KNOWN, |scanner, key| {
            match key {
                "traceId" => trace = self::id::<16>(scanner, TRACE_ID)?,
                "spanId" => id = self::id::<8>(scanner, SPAN_ID)?,
                "parentSpanId" => parent = self::id::<8>(scanner, PARENT_ID)?,
                "name" => name = scanner.string("the name of the span")?.into_owned(),
                "startTimeUnixNano" => start_ns = time(scanner)?,
                "endTimeUnixNano" => end_ns = time(scanner)?,
                _ => scanner.array("an array of links", |scanner| {
                    links.extend(link(scanner)?);
                    Ok::<(), Fault>(())
                })?,
            }
            Ok(())
        })?;
        let at = start..start + 1;
        let missing = |key| Fault { span: at.clone(), problem: Problem::MissingKey(key) };
        let trace = trace.ok_or_else(|| missing("traceId"))?;
        let id = id.ok_or_else(|| missing("spanId"))?;
        let start_ns = start_ns.ok_or_else(|| missing("startTimeUnixNano"))?;
        let place = self.lines.place(&at);
        let span = Span { name, end_ns, ..Span::new(0, trace, id, start_ns, place) };
        self.raw.push(Raw { span, parent, links, at });
        Ok(())
    }

    /// Finds for each parent and link the span that is meant.
    fn resolve(&mut self) -> Result<(), Fault> {
        let raw = std::mem::take(&mut self.raw);
        let mut places: BTreeMap<SpanKey, u32> = BTreeMap::new();
        let mut kept: Vec<Raw> = Vec::with_capacity(raw.len());
        for one in raw {
            let number = u32::try_from(kept.len())
                .map_err(|_| Fault { span: one.at.clone(), problem: Problem::TooLong })?;
            match places.entry(SpanKey { trace: one.span.trace, id: one.span.id }) {
                std::collections::btree_map::Entry::Vacant(free) => {
                    free.insert(number);
                    kept.push(one);
                }
                std::collections::btree_map::Entry::Occupied(taken) => {
                    let first = &kept[*taken.get() as usize];
                    if !first.is_like(&one) {
                        let (id, first_line) = (one.span.id_text(), first.span.place.line);
                        return Err(Fault {
                            span: one.at,
                            problem: Problem::DuplicateSpan { id, first_line },
                        });
                    }
                    // Saturating: a count of spans cannot reach 2^64.
                    self.spans.repeated = self.spans.repeated.saturating_add(1);
                }
            }
        }
        for (later, one) in (0..).zip(&kept) {
            if let Some(parent) = one.parent {
                match places.get(&SpanKey { trace: one.span.trace, id: parent }) {
                    Some(&earlier) => {
                        self.spans.orders.push(SpanOrder { later, earlier, why: SpanReason::Parent });
                    }
                    None => self.spans.parents_missing += 1,
                }
            }
            for link in &one.links {
                match places.get(link) {
                    Some(&earlier) => {
                        self.spans.orders.push(SpanOrder { later, earlier, why: SpanReason::Link })
                    }
                    None => self.spans.links_missing += 1,
                }
            }
        }
        self.spans.orders.sort_unstable();
        self.spans.orders.dedup();
        self.spans.spans = kept.into_iter().map(|one| one.span).collect();
        Ok(())
    }
}

impl Raw {
    /// Whether another says the same, wherever it stands.
    fn is_like(&self, other: &Raw) -> bool {
        let place = self.span.place;
        self.span == Span { place, ..other.span.clone() }
            && self.parent == other.parent
            && self.links == other.links
    }
}

/// Reads an object of which these keys are known, each of them once; a `null` is as good as nothing, and any other key is
/// passed over.
fn fields<'t>(
    scanner: &mut Scanner<'t>,
    expected: &'static str,
    known: &[&'static str],
    mut member: impl FnMut(&mut Scanner<'t>, &'static str) -> Result<(), Fault>,
) -> Result<(), Fault> {
    let mut seen = 0_u32;
    scanner.object(expected, |scanner, key, span| {
        let Some(place) = known.iter().position(|known| *known == key) else {
            return Ok(scanner.skip_value()?);
        };
        if seen & (1 << place) != 0 {
            return Err(Fault { span, problem: Problem::DuplicateKey(key.into_owned()) });
        }
        seen |= 1 << place;
        if scanner.null() { Ok(()) } else { member(scanner, known[place]) }
    })
}

/// The key of an attribute and its value, if that is a text.
fn attribute(scanner: &mut Scanner<'_>) -> Result<(String, Option<String>), Fault> {
    let (mut name, mut text) = (String::new(), None);
    fields(scanner, "an attribute", &["key", "value"], |scanner, key| {
        if key == "key" {
            name = scanner.string("the name of an attribute")?.into_owned();
            return Ok(());
        }
        fields(scanner, "the value of an attribute", &["stringValue"], |scanner, _| {
            text = Some(scanner.string("a string")?.into_owned());
            Ok(())
        })
    })?;
    Ok((name, text))
}

/// To which span a link leads; `None` where it does not say.
fn link(scanner: &mut Scanner<'_>) -> Result<Option<SpanKey>, Fault> {
    let (mut trace, mut span) = (None, None);
    fields(scanner, "a link", &["traceId", "spanId"], |scanner, key| {
        match key {
            "traceId" => trace = id::<16>(scanner, TRACE_ID)?,
            _ => span = id::<8>(scanner, SPAN_ID)?,
        }
        Ok(())
    })?;
    Ok(trace.zip(span).map(|(trace, id)| SpanKey { trace, id }))
}

const TRACE_ID: &str = "a trace id of 32 hexadecimal digits, not all of them zero";
const SPAN_ID: &str = "a span id of 16 hexadecimal digits, not all of them zero";
const PARENT_ID: &str = "the id of the parent, 16 hexadecimal digits";

/// An id of so many bytes, in digits of any case; `None` for an empty one, and for a parent of zeros, which is none.
fn id<const BYTES: usize>(
    scanner: &mut Scanner<'_>,
    expected: &'static str,
) -> Result<Option<[u8; BYTES]>, Fault> {
    let start = scanner.position();
    let written = scanner.string(expected)?;
    let mut bytes = [0; BYTES];
    if written.is_empty() {
        return Ok(None);
    }
    let is_hex = written.len() == 2 * BYTES && written.bytes().all(|digit| digit.is_ascii_hexdigit());
    if is_hex {
        for (nth, byte) in bytes.iter_mut().enumerate() {
            *byte = u8::from_str_radix(&written[2 * nth..2 * nth + 2], 16).expect("two digits make a byte");
        }
    }
    match is_hex && bytes != [0; BYTES] {
        true => Ok(Some(bytes)),
        false if is_hex && expected == PARENT_ID => Ok(None),
        false => {
            let found = format!("`{}`", cut(&written));
            Err(Flaw { span: scanner.span_since(start), expected, found }.into())
        }
    }
}

/// Nanoseconds since the Unix epoch, as a number or as a string of digits; zero says that they are not known.
fn time(scanner: &mut Scanner<'_>) -> Result<Option<u64>, Fault> {
    const EXPECTED: &str = "nanoseconds since 1970, as digits or a string of digits";
    let start = scanner.position();
    let digits = match scanner.peek() {
        Some(b'"') => scanner.string(EXPECTED)?,
        _ => Cow::Borrowed(scanner.number(EXPECTED)?),
    };
    let is_plain = !digits.is_empty() && digits.bytes().all(|digit| digit.is_ascii_digit());
    let ns: Option<u64> = if is_plain { digits.parse().ok() } else { None };
    match ns {
        Some(ns) => Ok(Some(ns).filter(|ns| *ns > 0)),
        None => {
            let found = format!("`{}`", cut(&digits));
            Err(Flaw { span: scanner.span_since(start), expected: EXPECTED, found }.into())
        }
    }
}

/// Places in a text, counted on from the last that was asked for: a text of nothing but lines needs no more memory than others.
struct Lines<'t> {
    text: &'t str,
    /// The byte up to which was counted, the lines that end before it, where its line begins, and the characters between.
    at: usize,
    lines: usize,
    start: usize,
    column: usize,
}

impl<'t> Lines<'t> {
    fn new(text: &'t str) -> Lines<'t> {
        Lines { text, at: 0, lines: 0, start: 0, column: 0 }
    }

    /// Counts up to a byte. O(bytes since the last that was asked for, or since the beginning if it stands before that).
    fn go(&mut self, at: usize) {
        if at < self.at {
            *self = Lines::new(self.text);
        }
        let passed = &self.text[self.at..at];
        if let Some(end) = passed.rfind('\n') {
            self.lines += passed.bytes().filter(|byte| *byte == b'\n').count();
            (self.start, self.column) = (self.at + end + 1, 0);
        }
        self.column += self.text[self.start.max(self.at)..at].chars().count();
        self.at = at;
    }

    fn place(&mut self, span: &Range<usize>) -> Place {
        self.go(span.start);
        Place { line: narrow(self.lines + 1), column: narrow(self.column + 1), width: 1 }
    }

    fn error(&mut self, Fault { span, problem }: Fault) -> FormatError {
        self.go(span.start);
        let start = self.start;
        let text = self.text[start..].split('\n').next().unwrap_or("");
        let end = span.end.min(start + text.len()).max(span.start);
        FormatError::new(narrow(self.lines + 1), text, span.start - start..end - start, problem)
    }
}
