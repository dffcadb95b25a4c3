//! Plots: the same numbers are the same bytes, what is drawn is also said, and no name is ever markup.

use constellation_report::plot::{
    Axis, Entry, Heading, Line, Mark, Matrix, Part, Plot, Rule, Series, Sheet, Table, Tone, Width,
};
use expect_test::expect_file;

fn plot() -> Plot {
    let mut plot =
        Plot::new("what it takes", Axis::new("round trip, ms", 3).with(0, 0), Axis::new("latency, ms", 3));
    plot.told = "A read takes one round trip.".to_owned();
    let mut fit = Series::new("1.00 round trips", Tone::Blue, Line::Dashed, None);
    fit.add(0, 0, "");
    fit.add(80_000, 80_000, "");
    let mut reads = Series::new("reads", Tone::Blue, Line::None, Some(Mark::Disc));
    let mut found = Series::new("found", Tone::Red, Line::Step, Some(Mark::Ring));
    for (x, y) in [(10_000, 10_250), (20_000, 20_100), (80_000, 80_001)] {
        reads.add_span(x, y, (y, y + 9_000), "pacific");
        found.add(x, y / 2, "");
    }
    plot.series = vec![fit, reads, found];
    plot.rules = vec![Rule::new(30_000, 40_000, "from here on"), Rule::new(5_000, 5_000, "here")];
    plot.notes = vec!["of seed 1".to_owned()];
    plot
}

fn matrix() -> Matrix {
    let heads = |names: &[&str]| names.iter().map(|name| Heading::new(name, "so it is")).collect();
    let mut matrix = Matrix::new("where they are", heads(&["EL", "EC"]), heads(&["PA", "PC"]));
    let long = "a_name_that_is_longer_than_any_cell_of_a_small_screen_can_hold";
    for (cell, name) in [((0, 0), "one"), ((1, 1), "other r=1,w=1"), ((1, 0), long)] {
        let mut entry = Entry::new(cell, Mark::Disc, name, &format!("{name} in full"));
        entry.sentences =
            vec![("cut".to_owned(), format!("{name} goes on.")), ("else".to_owned(), "It waits.".to_owned())];
        matrix.entries.push(entry);
    }
    matrix.kinds = vec![(Mark::Disc, "measured".to_owned())];
    matrix
}

fn written(sheet: &Sheet) -> String {
    let mut html = Vec::new();
    sheet.write(&mut html).expect("there is room for it");
    String::from_utf8(html).expect("it is text")
}

fn sheet() -> Sheet {
    let mut sheet = Sheet::default();
    sheet.title = "a page".to_owned();
    sheet.verdict = Some(("✓", "holds"));
    sheet.parts = vec![Part::Plot(plot()), Part::Matrix(matrix())];
    sheet
}

#[test]
fn a_plot_and_a_matrix_are_drawn_as_they_were() {
    expect_file!["plots/plot.svg"].assert_eq(&plot().svg(Width::Wide));
    expect_file!["plots/narrow.svg"].assert_eq(&plot().svg(Width::Narrow));
    expect_file!["plots/matrix.svg"].assert_eq(&matrix().svg(Width::Wide));
    expect_file!["plots/sheet.html"].assert_eq(&written(&sheet()));
}

#[test]
fn whoever_sees_no_picture_is_told_what_it_shows() {
    let svg = plot().svg(Width::Wide);
    for told in [
        "<title>what it takes</title>",
        "<desc>A read takes one round trip.</desc>",
        "<title>pacific: 10, 10.25 (10.25 to 19.25)</title>",
    ] {
        assert!(svg.contains(told), "{told}");
    }
    let svg = matrix().svg(Width::Wide);
    assert!(svg.contains("PA/EL: one. PA/EC: nothing. PC/EL: a_name_"), "{svg}");
    let html = written(&sheet());
    for told in [
        "<th scope=\"row\">10</th><td>10.25 (pacific)</td><td>5.125</td>",
        "<td>one goes on.</td><td>It waits.</td>",
    ] {
        assert!(html.contains(told), "{told}");
    }
}

#[test]
fn a_line_that_was_not_measured_is_in_no_table() {
    assert!(!written(&sheet()).contains("<th scope=\"col\">1.00 round trips</th>"));
}

#[test]
fn no_number_breaks_a_plot() {
    let mut plot = plot();
    let mut wild = Series::new("wild", Tone::Grey, Line::Straight, Some(Mark::Plus));
    for number in [i64::MIN, -1, 0, i64::MAX] {
        wild.add(number, number, "");
    }
    plot.series.push(wild);
    plot.rules.push(Rule::new(i64::MIN, i64::MAX, "all of it"));
    assert!(plot.svg(Width::Narrow).ends_with("</svg>\n"));
    let empty = Plot::new("", Axis::new("", 0), Axis::new("", 30));
    assert!(empty.svg(Width::Wide).ends_with("</svg>\n"));
    assert!(Matrix::new("", Vec::new(), Vec::new()).svg(Width::Wide).ends_with("</svg>\n"));
}

#[test]
fn no_name_is_markup() {
    let hostile = "</script></style><b onload=x>&\"'\u{202e}\u{0}]]>";
    let mut plot = plot();
    let mut matrix = matrix();
    let texts = [
        &mut plot.title,
        &mut plot.told,
        &mut plot.x.label,
        &mut plot.y.label,
        &mut plot.rules[0].text,
        &mut plot.notes[0],
    ];
    texts.into_iter().for_each(|text| hostile.clone_into(text));
    hostile.clone_into(&mut plot.series[1].name);
    hostile.clone_into(&mut plot.series[1].points[0].told);
    let entry = &mut matrix.entries[0];
    let (about, sentence) = &mut entry.sentences[0];
    [&mut entry.name, &mut entry.title, about, sentence]
        .into_iter()
        .for_each(|text| hostile.clone_into(text));
    hostile.clone_into(&mut matrix.rows[0].says);
    hostile.clone_into(&mut matrix.kinds[0].1);
    let mut table = Table::new(hostile, &[hostile]);
    table.rows.push(vec![hostile.to_owned()]);
    let (svg, other) = (plot.svg(Width::Narrow), matrix.svg(Width::Narrow));
    let mut sheet = Sheet::default();
    sheet.title = hostile.to_owned();
    sheet.sentence = hostile.to_owned();
    sheet.replay = hostile.to_owned();
    sheet.parts = vec![
        Part::Plot(plot),
        Part::Matrix(matrix),
        Part::Table(table),
        Part::Lines(hostile.to_owned(), vec![hostile.to_owned()]),
    ];
    for text in [svg, other, written(&sheet)] {
        assert!(
            !text.contains("<b onload") && !text.contains("</script>") && !text.contains('\u{0}'),
            "{text}"
        );
        assert_eq!(text.matches("<style").count(), text.matches("</style").count());
    }
}
