//! Completion scripts for shells: those that `clap_complete` makes, mended where they go wrong.

use clap::{Arg, ArgGroup, Command, CommandFactory, Id};
use clap_complete::Shell;

use super::Cli;

/// The commands that the help names.
const COMMANDS: [&str; 7] = ["demo", "listen", "tap", "ping", "check", "replay", "show"];

/// The completion script for `shell`.
pub(super) fn script(shell: Shell) -> Vec<u8> {
    let all = Cli::command();
    let subcommands = COMMANDS.iter().filter_map(|name| Some(visible(name, all.find_subcommand(name)?)));
    let mut command = visible("wscope", &all).version(env!("CARGO_PKG_VERSION")).subcommands(subcommands);
    let mut script = Vec::new();
    clap_complete::generate(shell, &mut command, "wscope", &mut script);
    match shell {
        Shell::Bash => mended(text(&script), &[BASH_EQUALS_SIGN, BASH_PROFILES]).into_bytes(),
        Shell::Zsh => mended(text(&script), &[ZSH_PROFILES]).into_bytes(),
        Shell::Fish => {
            let script = mended(text(&script), &[FISH_MISSING_VALUE]) + FISH_PROFILES;
            all.get_arguments().filter(|argument| argument.is_require_equals_set()).fold(script, joined).into_bytes()
        }
        _ => script,
    }
}

/// A passage of a script, and what takes its place.
type Mend = (&'static str, &'static str);

fn mended(script: String, mends: &[Mend]) -> String {
    mends.iter().fold(script, |script, (passage, other)| script.replacen(passage, other, 1))
}

/// The names of profiles, for which the program is asked. Bash takes `@` for the end of a word, and for the beginning of the
/// next one, so `cur` may lack it, and what is completed does not.
const BASH_PROFILES: Mend = (
    "_wscope() {\n",
    r#"_wscope() {
    local typed="${COMP_LINE:0:COMP_POINT}"
    typed="${typed##*[[:space:]]}"
    if [[ "${typed}" == @* ]]; then
        COMPREPLY=($(compgen -W "$("$1" @ 2>/dev/null | cut -f 1)" -- "${typed}"))
        return 0
    fi
"#,
);

/// The same for zsh.
const ZSH_PROFILES: Mend = (
    "_wscope() {\n",
    r#"_wscope() {
    if [[ "$PREFIX" == @* ]]; then
        local -a profiles
        profiles=("${(@f)$("$words[1]" @ 2>/dev/null | cut -f 1)}")
        compadd -a profiles
        return
    fi
"#,
);

/// The same for fish, which shows the URLs beside them.
const FISH_PROFILES: &str =
    "complete -c wscope -n 'string match -q \"@*\" -- (commandline -ct)' -f -a '(wscope @ 2>/dev/null)'\n";

/// Bash cuts `--output=j` into three words, of which the second is the one before what is completed.
const BASH_EQUALS_SIGN: Mend = (
    "    prev=\"$3\"\n",
    "    prev=\"$3\"
    if [[ \"${prev}\" == \"=\" ]]; then
        prev=\"${COMP_WORDS[COMP_CWORD-2]}\"
    fi\n",
);

/// While the value of the last flag is being typed, argparse refuses the words before it: they lack that value.
const FISH_MISSING_VALUE: Mend = (
    "    argparse -s (__fish_wscope_global_optspecs) -- $cmd 2>/dev/null\n",
    "    argparse -s (__fish_wscope_global_optspecs) -- $cmd 2>/dev/null
    or argparse -s (__fish_wscope_global_optspecs) -- $cmd[1..-2] 2>/dev/null\n",
);

/// The script of fish, in which the value of `argument` is joined to it: the next word is another argument.
fn joined(script: String, argument: &Arg) -> String {
    let Some(name) = argument.get_long() else { return script };
    let script = script.replacen(&format!("{name}= "), &format!("{name}=\\? "), 1);
    let is_of_it = format!(" -l {name} ");
    let lines = script
        .split_inclusive('\n')
        .map(|line| if line.contains(&is_of_it) { line.replacen(" -r", "", 1) } else { line.to_owned() });
    lines.collect()
}

fn text(script: &[u8]) -> String {
    String::from_utf8_lossy(script).into_owned()
}

/// The command `name` without what its help hides: that is for command lines that people bring along.
fn visible(name: &'static str, command: &Command) -> Command {
    let arguments: Vec<&Arg> = command.get_arguments().filter(|argument| !argument.is_hide_set()).collect();
    let is_kept = |id: &Id| arguments.iter().any(|argument| argument.get_id() == id);
    let groups = command.get_groups().map(|group| {
        let members: Vec<_> = group.get_args().filter(|id| is_kept(id)).cloned().collect();
        ArgGroup::new(group.get_id().clone()).args(members).multiple(true)
    });
    let about = command.get_about().cloned().unwrap_or_default();
    let shown = Command::new(name).about(about).disable_help_flag(true).disable_help_subcommand(true);
    shown.groups(groups).args(arguments.into_iter().cloned())
}
