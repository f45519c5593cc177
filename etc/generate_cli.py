# SPDX-License-Identifier: MIT
"""What follows from the command tables of muster: the tables of docs/cli.md and the completions of three shells.

commands is the list that `muster help --json` answers.
"""
import shlex

HEAD = "# SPDX-License-Identifier: MIT\n# Made from the command tables (etc/generate_cli.py).\n"


def common_names(commands):
    """The options that all commands have."""
    return set.intersection(*({option["name"] for option in command["options"]} for command in commands))


# --- docs/cli.md ---


def escape(text):
    return text.replace("|", "\\|").replace("<", "&lt;")


def option_text(option):
    letter = f"`-{option['letter']}`, " if option["letter"] else ""
    value = f"={option['value']}" if option["value"] else ""
    return f"{letter}`--{option['name']}{value}`"


def command_manual(command, hidden):
    options = [option for option in command["options"] if option["name"] not in hidden]
    yield f"### {command['name']}\n"
    yield f"    muster {command['name']} {command['usage']}".rstrip() + "\n"
    yield command["summary"] + "." + (" " + " ".join(command["details"].split("\n")) if command["details"] else "") + "\n"
    if options:
        yield "| option | |\n|---|---|"
        yield "\n".join(f"| {option_text(option)} | {escape(option['help'])} |" for option in options) + "\n"
    yield "```\n" + "\n".join(f"muster {example}" for example in command["examples"]) + "\n```\n"


def manual(commands):
    hidden = common_names(commands)
    lines, group = [], None
    for command in commands:
        if command["group"] != group:
            group = command["group"]
            lines.append(f"## {group[0].upper()}{group[1:]}\n")
        lines += command_manual(command, hidden)
    return "\n".join(lines)


# --- completions ---


def takes_file(option):
    return option["value"] in ("FILE", "PATH", "DIRECTORY")


def words(options):
    return " ".join(f"--{option['name']}" + ("=" if option["value"] else "") for option in options)


def bash(commands):
    cases = "\n".join(f"    {command['name']}) options='{words(command['options'])}' ;;" for command in commands)
    choices = {(option["name"], tuple(option["choices"])) for command in commands for option in command["options"]
               if option["choices"]}
    values = "\n".join(f"    --{name}) COMPREPLY=($(compgen -W '{' '.join(texts)}' -- \"$word\")) && return ;;"
                       for name, texts in sorted(choices))
    files = "|".join(sorted({f"--{option['name']}" for command in commands for option in command["options"]
                             if takes_file(option)}))
    return f"""{HEAD}
_muster() {{
    local command='' options='' name word i
    COMPREPLY=()
    # A colon and an equals sign break words for bash; commands and options have them.
    _get_comp_words_by_ref -n := cur words cword 2>/dev/null || return
    for ((i = 1; i < cword; i++)); do
        case ${{words[i]}} in
        -c) ((i++)) ;;
        -*) ;;
        *) command=${{words[i]}} && break ;;
        esac
    done
    word=${{cur#*=}} name=${{cur%%=*}}
    if [ "$word" = "$cur" ]; then
        name=${{words[cword - 1]}}
    fi
    case $name in
{values}
    {files}|-c) compopt -o filenames 2>/dev/null; COMPREPLY=($(compgen -f -- "$word")) && return ;;
    esac
    case $command in
    '') options='{words([option for option in commands[0]['options'] if option['name'] in common_names(commands)])}' ;;
    help) options='{' '.join(command['name'] for command in commands)}' ;;
{cases}
    esac
    if [ -z "$command" ] && [ "${{cur#-}}" = "$cur" ]; then
        options='{' '.join(command['name'] for command in commands)}'
    fi
    COMPREPLY=($(compgen -W "$options" -- "$cur"))
    if [ "${{#COMPREPLY[@]}}" = 0 ]; then
        COMPREPLY=($(compgen -f -- "$cur"))
    elif [ "${{COMPREPLY[0]%=}}" != "${{COMPREPLY[0]}}" ]; then
        compopt -o nospace 2>/dev/null
    fi
    __ltrim_colon_completions "$cur"
}}
complete -F _muster muster
"""


def zsh_quote(text):
    return text.replace("\\", "\\\\").replace("'", "'\\''").replace("[", "\\[").replace("]", "\\]").replace(":", "\\:")


def zsh_option(option):
    value = ""
    if option["value"]:
        action = " ".join(option["choices"] or [])
        value = f":{option['value']}:" + (f"({action})" if action else "_files" if takes_file(option) else "")
    mark = "=" if option["value"] else ""
    lines = [f"'--{option['name']}{mark}[{zsh_quote(option['help'])}]{value}'"]
    if option["letter"]:
        lines.append(f"'-{option['letter']}{'+' if option['value'] else ''}[{zsh_quote(option['help'])}]{value}'")
    return lines


def zsh(commands):
    described = "\n".join(f"        '{zsh_quote(command['name'])}:{command['summary'].replace(chr(39), chr(39) * 2)}'"
                          for command in commands)
    cases = "\n".join(f"    {command['name']})\n        _arguments "
                      + " ".join(line for option in command["options"] for line in zsh_option(option))
                      + " '*:argument:_files' ;;" for command in commands)
    common = " ".join(line for option in commands[0]["options"] if option["name"] in common_names(commands)
                      for line in zsh_option(option))
    return f"""#compdef muster
{HEAD}
_muster() {{
    local -a commands
    commands=(
{described}
    )
    local context state line
    _arguments -C {common} '1:command:->command' '*::argument:->argument'
    case $state in
    command) _describe command commands; return ;;
    esac
    case $words[1] in
{cases}
    esac
}}

_muster "$@"
"""


def fish_lines(commands):
    names = " ".join(command["name"] for command in commands)
    for command in commands:
        yield (f"complete -c muster -n 'not __fish_seen_subcommand_from {names}' -f -a {command['name']}"
               f" -d {shlex.quote(command['summary'])}")
    for command in commands:
        for option in command["options"]:
            line = f"complete -c muster -n '__fish_seen_subcommand_from {command['name']}' -l {option['name']}"
            line += f" -s {option['letter']}" if option["letter"] else ""
            line += " -r" if option["value"] and takes_file(option) else " -x" if option["value"] else ""
            line += f" -a {shlex.quote(' '.join(option['choices']))}" if option["choices"] else ""
            yield line + f" -d {shlex.quote(option['help'])}"


def fish(commands):
    return HEAD + "\n" + "\n".join(fish_lines(commands)) + "\n"
