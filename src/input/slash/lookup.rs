//! Finding a command by its name, by what the user probably meant, or by what it is about.

use super::table::{COMMANDS, Prompt, Usage};

/// The commands that work at `prompt` and have `word` in their name, with its slash or without; if none has, in what is said of
/// them. An empty one is in all names.
pub fn commands_about(word: &str, prompt: Prompt) -> Vec<&'static Usage> {
    let word = word.to_lowercase();
    let there = |is_about: &dyn Fn(&Usage) -> bool| -> Vec<_> {
        COMMANDS.iter().filter(|usage| usage.scope.works_at(prompt) && is_about(usage)).collect()
    };
    let named = there(&|usage| format!("/{}", usage.name).contains(&word));
    if !named.is_empty() {
        return named;
    }
    there(&|usage| format!("{} {}", usage.arguments, usage.summary).to_lowercase().contains(&word))
}

/// The command of this name.
pub(super) fn find(name: &str) -> Option<&'static Usage> {
    COMMANDS.iter().find(|usage| usage.name == name)
}

/// The command that the user probably meant.
pub(super) fn nearest(name: &str) -> Option<&'static Usage> {
    nearest_of(name, COMMANDS.iter().map(|usage| usage.name)).and_then(find)
}

/// The candidate that the user probably meant by `name`. If just one candidate starts with `name`, it is that one.
/// Otherwise it is the candidate with the smallest edit distance, which is at most two.
pub fn nearest_of<'a>(name: &str, candidates: impl Iterator<Item = &'a str> + Clone) -> Option<&'a str> {
    if name.is_empty() {
        return None;
    }
    let mut longer = candidates.clone().filter(|candidate| candidate.starts_with(name));
    if let (Some(only), None) = (longer.next(), longer.next()) {
        return Some(only);
    }
    candidates
        .map(|candidate| (strsim::damerau_levenshtein(name, candidate), candidate))
        .filter(|(slips, candidate)| *slips <= 2 && *slips < candidate.len().min(name.len()))
        .min()
        .map(|(_, candidate)| candidate)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_word_finds_commands_by_name_or_else_by_what_they_do() {
        let names = |word| commands_about(word, Prompt::Client).iter().map(|usage| usage.name).collect::<Vec<_>>();
        assert_eq!(names("frame"), ["frame"]);
        assert_eq!(names("/exp"), ["expect", "expect-close", "expect-quiet"]);
        assert_eq!(names("JQ"), ["set"]);
        assert_eq!(names("stall"), [""; 0], "that is for `tap`");
        assert_eq!(names("").len(), COMMANDS.iter().filter(|usage| usage.scope.works_at(Prompt::Client)).count());
    }
}
