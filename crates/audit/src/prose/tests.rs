//! That the data say what they can mean.

use std::collections::BTreeSet;

use super::term::LEXICON;

#[test]
fn contradictions_name_words_that_are_known() {
    let known: BTreeSet<&str> = LEXICON.spelt.iter().map(|spelt| spelt.id).collect();
    assert_eq!(known.len(), LEXICON.spelt.len(), "two words have one name");
    for pair in &LEXICON.pairs {
        let unknown: Vec<&str> = pair.words().filter(|word| !known.contains(word)).collect();
        assert_eq!(unknown, Vec::<&str>::new(), "{}", pair.rule.id);
    }
    for term in &LEXICON.terms {
        let unknown: Vec<&&str> = term.eased_by.iter().filter(|word| !known.contains(**word)).collect();
        assert_eq!(unknown, Vec::<&&str>::new(), "{}", term.id);
    }
}
