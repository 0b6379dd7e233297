//! The paths in the code of a module that lead out of it.

/// What code in `module` names by a path from the root of the crate, or by one that goes up to a parent: `net::Target`
/// of `use crate::net::Target;`. Empty for the root itself.
pub fn uses(code: &str, module: &[&str]) -> Vec<String> {
    let code: Vec<_> = code.lines().map(str::trim_start).filter(|line| !line.starts_with("//")).collect();
    let code = code.join(" ");
    let mut found = Vec::new();
    let mut rest = code.as_str();
    while let Some((start, parents)) = next_path(rest) {
        rest = &rest[start..];
        let kept = if parents == 0 { 0 } else { module.len().saturating_sub(parents) };
        for path in paths_behind(rest) {
            let parts = module[..kept].iter().copied().chain(path.split("::")).filter(|part| !part.is_empty());
            found.push(parts.collect::<Vec<_>>().join("::"));
        }
    }
    found
}

/// Behind the next `crate` (0 parents) or chain of `super` (as many parents), where `::` or ` as ` may follow.
fn next_path(code: &str) -> Option<(usize, usize)> {
    let starts = code.match_indices(is_word).map(|(index, _)| index);
    let mut words = starts.filter(|&index| !code[..index].ends_with(is_word));
    words.find_map(|index| {
        let word = &code[index..];
        let length = |word: &str| word.find(|c| !is_word(c)).unwrap_or(word.len());
        match &word[..length(word)] {
            "crate" => Some((index + "crate".len(), 0)),
            "super" => {
                let (mut end, mut parents) = (index + "super".len(), 1);
                while let Some(next) = code[end..].strip_prefix("::")
                    && &next[..length(next)] == "super"
                {
                    end += "::super".len();
                    parents += 1;
                }
                Some((end, parents))
            }
            _ => None,
        }
    })
}

/// The paths that follow `crate` or `super`, one for each item of a group; none where it begins no path (`pub(crate)`).
fn paths_behind(code: &str) -> Vec<String> {
    if code.starts_with(" as ") {
        return vec![String::new()];
    }
    let Some(code) = code.strip_prefix("::") else { return Vec::new() };
    let path = plain_path(code);
    match code[path.len()..].strip_prefix('{').and_then(|group| group.split_once('}')) {
        Some((group, _)) => {
            let items = group.split(',').map(str::trim).filter(|item| !item.is_empty());
            items.map(|item| format!("{path}{}", plain_path(item))).collect()
        }
        None => vec![path.to_owned()],
    }
}

/// The beginning of `code`, as far as it is a path.
fn plain_path(code: &str) -> &str {
    code.split(|c: char| !c.is_alphanumeric() && c != ':' && c != '_').next().unwrap_or(code)
}

fn is_word(c: char) -> bool {
    c.is_alphanumeric() || c == '_'
}
