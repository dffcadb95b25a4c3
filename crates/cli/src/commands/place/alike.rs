//! Settings of one store that nothing measured tells apart stand in one row: `repair=off|after`.

use constellation_lab::placement::Placement;

/// Settings that were measured to be alike.
pub(super) struct Alike<'m> {
    /// The stores as they are written, values that differ in one setting with a bar between.
    pub(super) names: Vec<String>,
    /// What was measured of the first, and so of each.
    pub(super) placement: &'m Placement,
}

/// All that was measured, in its order.
pub(super) fn alike<'m>(placements: impl IntoIterator<Item = &'m Placement>) -> Vec<Alike<'m>> {
    let mut groups: Vec<Vec<&Placement>> = Vec::new();
    for placement in placements {
        let is_one =
            |group: &&mut Vec<&Placement>| name(group[0]) == name(placement) && group[0].is_alike(placement);
        match groups.iter_mut().find(is_one) {
            Some(group) => group.push(placement),
            None => groups.push(vec![placement]),
        }
    }
    let of_group = groups.into_iter().map(|group| {
        let names = group.iter().map(|placement| placement.store.as_str()).collect();
        Alike { names: joined(names), placement: group[0] }
    });
    of_group.collect()
}

fn name(placement: &Placement) -> &str {
    placement.store.split(':').next().unwrap_or_default()
}

/// The names, of which those that differ in one setting are one.
fn joined(names: Vec<&str>) -> Vec<String> {
    let mut all: Vec<Vec<Vec<&str>>> = Vec::new();
    for name in names {
        let parts: Vec<&str> = name.split(',').collect();
        if !all.iter_mut().any(|joined| join(joined, &parts)) {
            all.push(parts.into_iter().map(|part| vec![part]).collect());
        }
    }
    let part = |parts: &Vec<&str>| {
        let values = parts.iter().skip(1).map(|part| part.split_once('=').map_or(*part, |(_, value)| value));
        parts.iter().take(1).copied().chain(values).collect::<Vec<_>>().join("|")
    };
    all.iter().map(|joined| joined.iter().map(part).collect::<Vec<_>>().join(",")).collect()
}

/// Adds one that differs in one part alone, and that the same that those do which are there.
fn join<'n>(joined: &mut [Vec<&'n str>], parts: &[&'n str]) -> bool {
    if joined.len() != parts.len() {
        return false;
    }
    let differing: Vec<usize> = (0..parts.len()).filter(|at| joined[*at] != [parts[*at]]).collect();
    let key = |part: &&str| part.split('=').next().unwrap_or_default().to_owned();
    match differing[..] {
        [at] if key(&joined[at][0]) == key(&parts[at]) => {
            joined[at].push(parts[at]);
            true
        }
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn settings_that_differ_in_one_thing_are_told_as_one() {
        let table: [(&[&str], &str); 4] = [
            (&["quorum:n=3,repair=off", "quorum:n=3,repair=after"], "quorum:n=3,repair=off|after"),
            (&["quorum:n=2,r=1", "quorum:n=3,r=1", "quorum:n=3,r=2"], "quorum:n=2|3,r=1 quorum:n=3,r=2"),
            (&["chain:reads=tail", "chain:reads=tail,sites=5"], "chain:reads=tail chain:reads=tail,sites=5"),
            (&["crdt:gossip=20ms"], "crdt:gossip=20ms"),
        ];
        for (names, expected) in table {
            assert_eq!(joined(names.to_vec()).join(" "), expected);
        }
    }
}
