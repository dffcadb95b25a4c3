//! Whether nothing was in a queue when somebody found nothing, given who took what.

use constellation_trace::Limit;

use super::events::{Event, Kind};
use super::{Frame, NOTHING, Pairs};
use crate::models::patience::Patience;
use crate::models::search::When;

impl Pairs {
    /// Whether at some moment of this nothing need have been there. If open ones may have taken what is left, only the end
    /// tells.
    pub(super) fn may_be_empty(&self, event: Event, patience: &mut Patience<'_>) -> Result<bool, Limit> {
        if !self.lost.is_empty() {
            return Ok(true);
        }
        let mut spans: Vec<(When, When)> = Vec::new();
        for (frame, taken) in self.stack.iter().zip(&self.events).rev() {
            patience.step(1)?;
            if matches!(taken.kind, Kind::Taken(..)) && taken.invoked <= event.invoked {
                break;
            }
            spans.extend(self.span(frame, taken));
        }
        spans.extend(self.by_there.first().map(|(there, _)| (*there, When::Never)));
        patience.step(spans.len() as u64)?;
        Ok(!is_covered(spans, event))
    }

    /// When what was taken was there for sure.
    fn span(&self, frame: &Frame, event: &Event) -> Option<(When, When)> {
        let Kind::Taken(..) = event.kind else { return None };
        let put = self.puts.get(frame.chosen as usize)?;
        let leaving = When::At(event.invoked);
        (put.there < leaving).then_some((put.there, leaving))
    }

    /// The same of all, when it is known what is left and given to the open ones.
    pub(super) fn is_ever_empty(&self, patience: &mut Patience<'_>) -> Result<bool, Limit> {
        if self.lost.is_empty() || !self.has_empty {
            return Ok(true);
        }
        let taken = self.stack.iter().zip(&self.events).filter_map(|(frame, event)| self.span(frame, event));
        let lost = self.lost.iter().map(|lost| When::At(*lost)).chain(std::iter::repeat(When::Never));
        let left = self.by_there.iter().zip(lost).map(|((there, _), leaving)| (*there, leaving));
        let spans: Vec<_> = taken.chain(left).filter(|(there, leaving)| there < leaving).collect();
        for event in &self.events {
            let is_asked = match event.kind {
                Kind::Empty => true,
                Kind::Checked(taken) => self.stack[taken].chosen == NOTHING,
                Kind::Taken(..) | Kind::Lost => false,
            };
            patience.step(1)?;
            if is_asked {
                patience.step(spans.len() as u64)?;
                if is_covered(spans.clone(), *event) {
                    return Ok(false);
                }
            }
        }
        Ok(true)
    }
}

/// Whether at each of its moments something was there for sure. Neither bound of a span is within, so that two of which one
/// ends where the other begins leave a gap.
fn is_covered(mut spans: Vec<(When, When)>, event: Event) -> bool {
    spans.sort_unstable();
    let [mut at, end] = [event.invoked, event.returned].map(When::At);
    let mut longest = When::At(0);
    let mut next = spans.into_iter().peekable();
    while at <= end {
        while let Some((_, leaving)) = next.next_if(|(there, _)| *there < at) {
            longest = longest.max(leaving);
        }
        if longest <= at {
            return false;
        }
        at = longest;
    }
    true
}
