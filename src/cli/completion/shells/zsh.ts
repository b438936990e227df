/** Works when it is evaluated, and as a file `_mcp-keys` in a folder of `fpath`. */
export const zsh = `#compdef mcp-keys
# Completion of mcp-keys for zsh. Load it after compinit with: eval "$(mcp-keys completion zsh)"
_mcp_keys() {
  local line value description tab=$'\\t'
  local -a lines values shown
  lines=("\${(@f)$(print -rl -- "\${(@Q)words[2,CURRENT-1]}" "\${(Q)PREFIX}" | command mcp-keys completion zsh --complete 2>/dev/null)}")
  for line in "\${lines[@]}"; do
    if [[ $line == :files ]]; then
      [[ $PREFIX == --*=* ]] && compset -P '*='
      _files
      return
    fi
    value=\${line%%$tab*}
    description=\${line#*$tab}
    [[ -n $value ]] || continue
    values+=("$value")
    shown+=("$value\${description:+  -- $description}")
  done
  (($#values)) || return 1
  if [[ $values[1] == *: ]]; then
    compadd -l -S '' -d shown -a values
  else
    compadd -l -d shown -a values
  fi
}
if [[ $funcstack[1] == _mcp[_-]keys ]]; then
  _mcp_keys "$@"
else
  compdef _mcp_keys mcp-keys
fi
`;
