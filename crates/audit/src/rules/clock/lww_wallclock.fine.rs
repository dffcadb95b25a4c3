//! Orders that decide nothing, and those by clocks that order.

struct Page {
    timestamp: u64,
}

fn show(mut pages: Vec<Page>) -> Vec<Page> {
    pages.sort_by_key(|page| page.timestamp);
    pages
}

fn merge_order(pages: &mut Vec<Page>) {
    pages.sort_by(|one, other| one.timestamp.cmp(&other.timestamp));
}

fn is_older(one: &Page, other: &Page) -> bool {
    one.timestamp < other.timestamp
}

fn merge(one: Cell, other: Cell) -> Cell {
    if other.version > one.version { other } else { one }
}

fn merge_by_hlc(one: Cell, other: Cell) -> Cell {
    let is_later = |one: &Cell, other: &Cell| one.hlc.timestamp > other.hlc.timestamp;
    if is_later(&other, &one) { other } else { one }
}
