//! How a document says that a claim is meant: `<!-- constellation: allow(rule, reason = "…") -->`.
//!
//! A comment on a line with text speaks of that line; one that stands alone speaks of the block that follows it.

use super::text::Document;
use crate::allow::{Allow, Allowed, Refused, Wrong, is_alone, parse, unknown};
use crate::family::Family;
use crate::source::Lines;

/// The comments that allow something, and those that fail to.
pub(crate) fn read(lines: &Lines<'_>, document: &Document) -> (Vec<Allow>, Vec<Wrong>) {
    let (mut allows, mut wrong) = (Vec::new(), Vec::new());
    for remark in &document.remarks {
        let Some(said) = parse(&lines.text[remark.says.clone()], find) else { continue };
        let span = remark.span.clone();
        match said {
            Ok((allowed, reason)) => {
                let line = lines.whole(&span);
                let is_alone = lines.text[line.start..span.start].trim().is_empty()
                    && lines.text[span.end..line.end].trim().is_empty();
                let over = if is_alone { span.end..span.end } else { line };
                allows.push(Allow { span, allows: allowed, reason, over });
            }
            Err((rule, here)) => wrong.push(Wrong { rule, span, here }),
        }
    }
    (allows, wrong)
}

/// Stretches each comment that stands alone over the block that follows it.
pub(crate) fn stretch(allows: &mut [Allow], lines: &Lines<'_>, document: &Document) {
    let places: Vec<_> = document.blocks.iter().map(|block| block.source(&(0..block.text.len()))).collect();
    for allow in allows.iter_mut().filter(|allow| is_alone(allow)) {
        let next = places.partition_point(|place| place.start < allow.span.end);
        allow.over.end = places.get(next).map_or(lines.text.len(), |place| place.end);
    }
}

fn find(name: &str) -> Result<Allowed, Refused> {
    if let Some(family) =
        [Family::Claim, Family::Contradiction].into_iter().find(|family| family.name() == name)
    {
        return Ok(Allowed::Family(family));
    }
    super::find_rule(name).map(Allowed::Rule).map_err(|near| unknown(name, near))
}
