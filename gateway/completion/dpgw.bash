# dpgw.bash - completes commands, options and their values

_dpgw_options() {
    case $1 in
    serve) echo '-c --config --set --help' ;;
    check) echo '-c --config --set --print --format --help' ;;
    translate) echo '--request --response --route --type --format -c --config --set --help' ;;
    explain) echo '--body --format -c --config --set --help' ;;
    diff) echo '--fail-on --format --help' ;;
    test) echo '--filter --format -c --config --set --help' ;;
    drift) echo '--admin --format --help' ;;
    openapi) echo '-o --output --combined --format -c --config --set --help' ;;
    probe) echo '--help' ;;
    version) echo '--help' ;;
    esac
}

_dpgw() {
    local word=${COMP_WORDS[COMP_CWORD]} before=${COMP_WORDS[COMP_CWORD - 1]}
    local command=${COMP_WORDS[1]}

    COMPREPLY=()
    if [ "$word" = = ]; then # bash takes --format=json for three words
        word=''
    elif [ "$before" = = ] && [ "$COMP_CWORD" -gt 2 ]; then
        before=${COMP_WORDS[COMP_CWORD - 2]}
    fi
    if [ "$COMP_CWORD" -eq 1 ]; then
        mapfile -t COMPREPLY < <(compgen -W \
            'serve check translate explain diff test drift openapi probe version --help --version' \
            -- "$word")
        return
    fi
    case $before in
    --format)
        local formats='text json'
        [ "$command" = drift ] && formats='yaml json'
        mapfile -t COMPREPLY < <(compgen -W "$formats" -- "$word")
        ;;
    --fail-on) mapfile -t COMPREPLY < <(compgen -W 'breaking compatible' -- "$word") ;;
    --type) mapfile -t COMPREPLY < <(compgen -W 'application/json text/event-stream
        application/x-ndjson application/json-seq application/x-www-form-urlencoded
        multipart/form-data' -- "$word") ;;
    --set | --route | --admin | --filter) ;;
    -c | --config | --body | -o | --output) mapfile -t COMPREPLY < <(compgen -f -- "$word") ;;
    *)
        case $word in
        -*) mapfile -t COMPREPLY < <(compgen -W "$(_dpgw_options "$command")" -- "$word") ;;
        *)
            if [ "$command" = explain ] && [ "$before" = explain ]; then
                mapfile -t COMPREPLY < <(compgen -W \
                    'GET HEAD POST PUT PATCH DELETE OPTIONS' -- "$word")
            elif [ "$command" = openapi ] && [ "$before" = openapi ]; then
                mapfile -t COMPREPLY < <(compgen -W 'derive check parity' -- "$word")
            else
                mapfile -t COMPREPLY < <(compgen -f -- "$word")
            fi
            ;;
        esac
        ;;
    esac
}

complete -o filenames -F _dpgw dpgw
