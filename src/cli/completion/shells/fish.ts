export const fish = `# Completion of mcp-keys for fish. Save it as ~/.config/fish/completions/mcp-keys.fish
function __mcp_keys_complete
    set -l words (commandline -opc)
    set -l current (commandline -ct)
    set -l lines (printf '%s\\n' $words[2..] "$current" | command mcp-keys completion fish --complete 2>/dev/null)
    if test "$lines[1]" = :files
        set -l flag (string match -r '^--[a-z-]+=' -- "$current")
        for file in (__fish_complete_path (string replace -r '^--[a-z-]+=' '' -- "$current"))
            printf '%s%s\\n' "$flag" $file
        end
    else if set -q lines[1]
        printf '%s\\n' $lines
    end
end
complete -c mcp-keys -e
complete -c mcp-keys -f -a '(__mcp_keys_complete)'
`;
