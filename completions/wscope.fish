# Print an optspec for argparse to handle cmd's options that are independent of any subcommand.
function __fish_wscope_global_optspecs
    string join \n h/help M/manual show-config x/execute= i/interactive delay= script= w/wait= count= 1 until= echo N/no-input input= b/binary 0/null output= filter= jq= v/verbose show-secrets frames hex P/show-ping-pong dialect= decode= t/timestamps=\? pretty q/quiet color= record=\? overwrite H/header= s/subprotocol= o/origin= u/user= bearer= cookie= connect-timeout= L/location location-trusted max-redirs= resolve= connect-to= 4/ipv4 6/ipv6 unix-socket= proxy= proxy-user= proxy-header= proxy-cacert= proxy-insecure noproxy= k/insecure cacert= sni= pinnedpubkey= tls-min= tls-max= cert= key= passphrase= mask-key= ws-key= reconnect=\? m/max-time= close-timeout= max-message= ping-interval= ping-timeout= heartbeat no-deflate deflate= lenient fragment= no-pong no-close-reply V/version
end

function __fish_wscope_needs_command
    # Figure out if the current invocation already has a command.
    set -l cmd (commandline -opc)
    set -e cmd[1]
    argparse -s (__fish_wscope_global_optspecs) -- $cmd 2>/dev/null
    or argparse -s (__fish_wscope_global_optspecs) -- $cmd[1..-2] 2>/dev/null
    or return
    if set -q argv[1]
        # Also print the command, so this can be used to figure out what it is.
        echo $argv[1]
        return 1
    end
    return 0
end

function __fish_wscope_using_subcommand
    set -l cmd (__fish_wscope_needs_command)
    test -z "$cmd"
    and return 1
    contains -- $cmd[1] $argv
end

complete -c wscope -n "__fish_wscope_needs_command" -s x -l execute -d 'Send this message once open, don\'t read stdin' -r
complete -c wscope -n "__fish_wscope_needs_command" -l delay -d 'Wait between two messages' -r
complete -c wscope -n "__fish_wscope_needs_command" -l script -d 'Run a script: what would be typed at the prompt' -r -F
complete -c wscope -n "__fish_wscope_needs_command" -s w -l wait -d 'How long to stay after the last input; -1: for ever' -r
complete -c wscope -n "__fish_wscope_needs_command" -l count -d 'Stop after so many messages (`-1` alone: after one)' -r
complete -c wscope -n "__fish_wscope_needs_command" -l until -d 'Stop after a message that matches' -r
complete -c wscope -n "__fish_wscope_needs_command" -l input -d 'Read lines, null, whole, chunks, hex, base64, json' -r -f -a "lines\t'Each line is a text message'
null\t'Each piece that ends with NUL is a message'
whole\t'All of it is one message'
chunks\t'Binary messages, as it arrives'
hex\t'Each line is a binary message, in hex'
base64\t'Each line is a binary message, in Base64'
json\t'Each line is an object that says what to send'"
complete -c wscope -n "__fish_wscope_needs_command" -l output -d 'Print text, raw, hex, base64, json or none' -r -f -a "text\t'For people on a terminal; elsewhere text with a newline each, and binary as it is'
raw\t'Every message as it is, with nothing between them'
hex\t'Each message is a line of hex'
base64\t'Each message is a line of Base64'
json\t'Each event of the session is a line of JSON'
none\t'Nothing'"
complete -c wscope -n "__fish_wscope_needs_command" -l filter -d 'Show only messages that match' -r
complete -c wscope -n "__fish_wscope_needs_command" -l jq -d 'Show what a jq filter makes of each message' -r
complete -c wscope -n "__fish_wscope_needs_command" -l dialect -d 'Say what messages mean: auto, none or a NAME' -r -f -a "auto\t''
none\t''
stomp\t''
socket.io\t''
engine.io\t''
sockjs\t''
graphql-transport-ws\t''
graphql-ws\t''
appsync-events\t''
mqtt\t''
wamp\t''
phoenix\t''
actioncable\t''
pusher\t''
signalr\t''
kubernetes\t''
json-rpc\t''
cdp\t''"
complete -c wscope -n "__fish_wscope_needs_command" -l decode -d 'Say what binary messages hold: auto, none or a NAME' -r -f -a "auto\t''
none\t''
image\t''
gzip\t''
zstd\t''
zlib\t''
zlib-stream\t''
zstd-stream\t''
messagepack\t''
cbor\t''
jwt\t''
protobuf\t''"
complete -c wscope -n "__fish_wscope_needs_command" -s t -l timestamps -d 'Put the time in front: local, utc or relative' -f -a "relative\t'Seconds since the session opened'
local\t'Wall clock, in the local time zone'
utc\t'Wall clock, in UTC'"
complete -c wscope -n "__fish_wscope_needs_command" -l color -d 'When to use colours' -r -f -a "auto\t'On a terminal, unless `NO_COLOR` is set'
always\t'Even when redirected'
never\t'Not at all'"
complete -c wscope -n "__fish_wscope_needs_command" -l record -d 'Record what happens in a file' -F
complete -c wscope -n "__fish_wscope_needs_command" -s H -l header -d 'Add a header' -r
complete -c wscope -n "__fish_wscope_needs_command" -s s -l subprotocol -d 'Offer a subprotocol' -r
complete -c wscope -n "__fish_wscope_needs_command" -s o -l origin -d 'Send an Origin header' -r
complete -c wscope -n "__fish_wscope_needs_command" -s u -l user -d 'Basic auth; asks for a missing password' -r
complete -c wscope -n "__fish_wscope_needs_command" -l bearer -d 'Send a bearer token' -r
complete -c wscope -n "__fish_wscope_needs_command" -l cookie -d 'Send a cookie' -r
complete -c wscope -n "__fish_wscope_needs_command" -l connect-timeout -d 'Limit the whole handshake' -r
complete -c wscope -n "__fish_wscope_needs_command" -l max-redirs -d 'Follow at most so many' -r
complete -c wscope -n "__fish_wscope_needs_command" -l resolve -d 'Connect to this address instead of looking the name up' -r
complete -c wscope -n "__fish_wscope_needs_command" -l connect-to -d 'Connect to HOST2:PORT2 instead of HOST1:PORT1' -r
complete -c wscope -n "__fish_wscope_needs_command" -l unix-socket -d 'Connect to this Unix domain socket' -r -F
complete -c wscope -n "__fish_wscope_needs_command" -l proxy -d 'Go through a proxy' -r
complete -c wscope -n "__fish_wscope_needs_command" -l proxy-user -d 'Log in at the proxy; asks for a missing password' -r
complete -c wscope -n "__fish_wscope_needs_command" -l proxy-header -d 'Send a header to the proxy' -r
complete -c wscope -n "__fish_wscope_needs_command" -l proxy-cacert -d 'Trust this authority for the proxy' -r -F
complete -c wscope -n "__fish_wscope_needs_command" -l noproxy -d 'Hosts that no proxy is used for' -r
complete -c wscope -n "__fish_wscope_needs_command" -l cacert -d 'Trust this authority, not the system\'s' -r -F
complete -c wscope -n "__fish_wscope_needs_command" -l sni -d 'Ask for this name (SNI), and verify it' -r
complete -c wscope -n "__fish_wscope_needs_command" -l pinnedpubkey -d 'Accept no server but one with this key' -r
complete -c wscope -n "__fish_wscope_needs_command" -l tls-min -d 'Accept no lower version of TLS' -r -f -a "1.2\t'TLS 1.2 (RFC 5246)'
1.3\t'TLS 1.3 (RFC 8446)'"
complete -c wscope -n "__fish_wscope_needs_command" -l tls-max -d 'Offer no higher version of TLS' -r -f -a "1.2\t'TLS 1.2 (RFC 5246)'
1.3\t'TLS 1.3 (RFC 8446)'"
complete -c wscope -n "__fish_wscope_needs_command" -l cert -d 'Show this certificate' -r -F
complete -c wscope -n "__fish_wscope_needs_command" -l key -d 'The private key of the certificate' -r -F
complete -c wscope -n "__fish_wscope_needs_command" -l passphrase -d 'Decrypt the private key' -r
complete -c wscope -n "__fish_wscope_needs_command" -l mask-key -d 'Mask with this key' -r
complete -c wscope -n "__fish_wscope_needs_command" -l ws-key -d 'Send this Sec-WebSocket-Key' -r
complete -c wscope -n "__fish_wscope_needs_command" -l reconnect -d 'Connect again when the connection is lost'
complete -c wscope -n "__fish_wscope_needs_command" -s m -l max-time -d 'Limit the whole run' -r
complete -c wscope -n "__fish_wscope_needs_command" -l close-timeout -d 'Limit the closing handshake' -r
complete -c wscope -n "__fish_wscope_needs_command" -l max-message -d 'Limit a message' -r
complete -c wscope -n "__fish_wscope_needs_command" -l ping-interval -d 'Ping this often' -r
complete -c wscope -n "__fish_wscope_needs_command" -l ping-timeout -d 'Give up when a ping stays unanswered' -r
complete -c wscope -n "__fish_wscope_needs_command" -l deflate -d 'Set the parameters of permessage-deflate' -r
complete -c wscope -n "__fish_wscope_needs_command" -l fragment -d 'Split what is sent into frames' -r
complete -c wscope -n "__fish_wscope_needs_command" -s h -l help -d 'Print what is used most'
complete -c wscope -n "__fish_wscope_needs_command" -s M -l manual -d 'Print the whole manual'
complete -c wscope -n "__fish_wscope_needs_command" -l show-config -d 'Print what is in force, and where each value comes from'
complete -c wscope -n "__fish_wscope_needs_command" -s i -l interactive -d 'Go on with stdin after `-x` or `--script`'
complete -c wscope -n "__fish_wscope_needs_command" -s 1 -d 'The same as `--count 1`'
complete -c wscope -n "__fish_wscope_needs_command" -l echo -d 'Send back every message'
complete -c wscope -n "__fish_wscope_needs_command" -s N -l no-input -d 'Don\'t read stdin'
complete -c wscope -n "__fish_wscope_needs_command" -s b -l binary -d 'Send stdin as binary messages'
complete -c wscope -n "__fish_wscope_needs_command" -s 0 -l null -d 'Messages in and out end with NUL, not newline'
complete -c wscope -n "__fish_wscope_needs_command" -s v -l verbose -d 'Show how the connection came about, and its heads'
complete -c wscope -n "__fish_wscope_needs_command" -l show-secrets -d 'Don\'t hide credentials'
complete -c wscope -n "__fish_wscope_needs_command" -l frames -d 'Show each frame in a line'
complete -c wscope -n "__fish_wscope_needs_command" -l hex -d 'Show the bytes on the wire'
complete -c wscope -n "__fish_wscope_needs_command" -s P -l show-ping-pong -d 'Show pings and pongs, and heartbeats of dialects'
complete -c wscope -n "__fish_wscope_needs_command" -l pretty -d 'Lay out JSON'
complete -c wscope -n "__fish_wscope_needs_command" -s q -l quiet -d 'Say nothing but messages, errors and warnings'
complete -c wscope -n "__fish_wscope_needs_command" -l overwrite -d 'Write over a file that is there'
complete -c wscope -n "__fish_wscope_needs_command" -s L -l location -d 'Follow redirects'
complete -c wscope -n "__fish_wscope_needs_command" -l location-trusted -d 'The same, and trust every server'
complete -c wscope -n "__fish_wscope_needs_command" -s 4 -l ipv4 -d 'Connect over IPv4 only'
complete -c wscope -n "__fish_wscope_needs_command" -s 6 -l ipv6 -d 'Connect over IPv6 only'
complete -c wscope -n "__fish_wscope_needs_command" -l proxy-insecure -d 'Don\'t verify the proxy\'s certificate'
complete -c wscope -n "__fish_wscope_needs_command" -s k -l insecure -d 'Don\'t verify the server\'s certificate'
complete -c wscope -n "__fish_wscope_needs_command" -l heartbeat -d 'Send the heartbeats that a dialect demands'
complete -c wscope -n "__fish_wscope_needs_command" -l no-deflate -d 'Don\'t compress'
complete -c wscope -n "__fish_wscope_needs_command" -l lenient -d 'Report breaches of the protocol and go on'
complete -c wscope -n "__fish_wscope_needs_command" -l no-pong -d 'Don\'t answer pings'
complete -c wscope -n "__fish_wscope_needs_command" -l no-close-reply -d 'Don\'t answer Close'
complete -c wscope -n "__fish_wscope_needs_command" -s V -l version -d 'Print version'
complete -c wscope -n "__fish_wscope_needs_command" -a "demo" -d 'Try wscope without a server'
complete -c wscope -n "__fish_wscope_needs_command" -a "listen" -d 'Be the server, and show what clients send'
complete -c wscope -n "__fish_wscope_needs_command" -a "tap" -d 'Stand between clients and a server, and show what passes'
complete -c wscope -n "__fish_wscope_needs_command" -a "ping" -d 'Measure round-trip times'
complete -c wscope -n "__fish_wscope_needs_command" -a "check" -d 'Find out why a connection does not work'
complete -c wscope -n "__fish_wscope_needs_command" -a "replay" -d 'Send the client\'s side of a recording again'
complete -c wscope -n "__fish_wscope_needs_command" -a "show" -d 'Show a recording as if it were live'
complete -c wscope -n "__fish_wscope_using_subcommand demo" -s x -l execute -d 'Send this message once open, don\'t read stdin' -r
complete -c wscope -n "__fish_wscope_using_subcommand demo" -l delay -d 'Wait between two messages' -r
complete -c wscope -n "__fish_wscope_using_subcommand demo" -l script -d 'Run a script: what would be typed at the prompt' -r -F
complete -c wscope -n "__fish_wscope_using_subcommand demo" -s w -l wait -d 'How long to stay after the last input; -1: for ever' -r
complete -c wscope -n "__fish_wscope_using_subcommand demo" -l count -d 'Stop after so many messages (`-1` alone: after one)' -r
complete -c wscope -n "__fish_wscope_using_subcommand demo" -l until -d 'Stop after a message that matches' -r
complete -c wscope -n "__fish_wscope_using_subcommand demo" -l input -d 'Read lines, null, whole, chunks, hex, base64, json' -r -f -a "lines\t'Each line is a text message'
null\t'Each piece that ends with NUL is a message'
whole\t'All of it is one message'
chunks\t'Binary messages, as it arrives'
hex\t'Each line is a binary message, in hex'
base64\t'Each line is a binary message, in Base64'
json\t'Each line is an object that says what to send'"
complete -c wscope -n "__fish_wscope_using_subcommand demo" -l output -d 'Print text, raw, hex, base64, json or none' -r -f -a "text\t'For people on a terminal; elsewhere text with a newline each, and binary as it is'
raw\t'Every message as it is, with nothing between them'
hex\t'Each message is a line of hex'
base64\t'Each message is a line of Base64'
json\t'Each event of the session is a line of JSON'
none\t'Nothing'"
complete -c wscope -n "__fish_wscope_using_subcommand demo" -l filter -d 'Show only messages that match' -r
complete -c wscope -n "__fish_wscope_using_subcommand demo" -l jq -d 'Show what a jq filter makes of each message' -r
complete -c wscope -n "__fish_wscope_using_subcommand demo" -l dialect -d 'Say what messages mean: auto, none or a NAME' -r -f -a "auto\t''
none\t''
stomp\t''
socket.io\t''
engine.io\t''
sockjs\t''
graphql-transport-ws\t''
graphql-ws\t''
appsync-events\t''
mqtt\t''
wamp\t''
phoenix\t''
actioncable\t''
pusher\t''
signalr\t''
kubernetes\t''
json-rpc\t''
cdp\t''"
complete -c wscope -n "__fish_wscope_using_subcommand demo" -l decode -d 'Say what binary messages hold: auto, none or a NAME' -r -f -a "auto\t''
none\t''
image\t''
gzip\t''
zstd\t''
zlib\t''
zlib-stream\t''
zstd-stream\t''
messagepack\t''
cbor\t''
jwt\t''
protobuf\t''"
complete -c wscope -n "__fish_wscope_using_subcommand demo" -s t -l timestamps -d 'Put the time in front: local, utc or relative' -f -a "relative\t'Seconds since the session opened'
local\t'Wall clock, in the local time zone'
utc\t'Wall clock, in UTC'"
complete -c wscope -n "__fish_wscope_using_subcommand demo" -l color -d 'When to use colours' -r -f -a "auto\t'On a terminal, unless `NO_COLOR` is set'
always\t'Even when redirected'
never\t'Not at all'"
complete -c wscope -n "__fish_wscope_using_subcommand demo" -l record -d 'Record what happens in a file' -F
complete -c wscope -n "__fish_wscope_using_subcommand demo" -s H -l header -d 'Add a header' -r
complete -c wscope -n "__fish_wscope_using_subcommand demo" -s s -l subprotocol -d 'Offer a subprotocol' -r
complete -c wscope -n "__fish_wscope_using_subcommand demo" -s o -l origin -d 'Send an Origin header' -r
complete -c wscope -n "__fish_wscope_using_subcommand demo" -s u -l user -d 'Basic auth; asks for a missing password' -r
complete -c wscope -n "__fish_wscope_using_subcommand demo" -l bearer -d 'Send a bearer token' -r
complete -c wscope -n "__fish_wscope_using_subcommand demo" -l cookie -d 'Send a cookie' -r
complete -c wscope -n "__fish_wscope_using_subcommand demo" -l connect-timeout -d 'Limit the whole handshake' -r
complete -c wscope -n "__fish_wscope_using_subcommand demo" -l max-redirs -d 'Follow at most so many' -r
complete -c wscope -n "__fish_wscope_using_subcommand demo" -l resolve -d 'Connect to this address instead of looking the name up' -r
complete -c wscope -n "__fish_wscope_using_subcommand demo" -l connect-to -d 'Connect to HOST2:PORT2 instead of HOST1:PORT1' -r
complete -c wscope -n "__fish_wscope_using_subcommand demo" -l unix-socket -d 'Connect to this Unix domain socket' -r -F
complete -c wscope -n "__fish_wscope_using_subcommand demo" -l proxy -d 'Go through a proxy' -r
complete -c wscope -n "__fish_wscope_using_subcommand demo" -l proxy-user -d 'Log in at the proxy; asks for a missing password' -r
complete -c wscope -n "__fish_wscope_using_subcommand demo" -l proxy-header -d 'Send a header to the proxy' -r
complete -c wscope -n "__fish_wscope_using_subcommand demo" -l proxy-cacert -d 'Trust this authority for the proxy' -r -F
complete -c wscope -n "__fish_wscope_using_subcommand demo" -l noproxy -d 'Hosts that no proxy is used for' -r
complete -c wscope -n "__fish_wscope_using_subcommand demo" -l cacert -d 'Trust this authority, not the system\'s' -r -F
complete -c wscope -n "__fish_wscope_using_subcommand demo" -l sni -d 'Ask for this name (SNI), and verify it' -r
complete -c wscope -n "__fish_wscope_using_subcommand demo" -l pinnedpubkey -d 'Accept no server but one with this key' -r
complete -c wscope -n "__fish_wscope_using_subcommand demo" -l tls-min -d 'Accept no lower version of TLS' -r -f -a "1.2\t'TLS 1.2 (RFC 5246)'
1.3\t'TLS 1.3 (RFC 8446)'"
complete -c wscope -n "__fish_wscope_using_subcommand demo" -l tls-max -d 'Offer no higher version of TLS' -r -f -a "1.2\t'TLS 1.2 (RFC 5246)'
1.3\t'TLS 1.3 (RFC 8446)'"
complete -c wscope -n "__fish_wscope_using_subcommand demo" -l cert -d 'Show this certificate' -r -F
complete -c wscope -n "__fish_wscope_using_subcommand demo" -l key -d 'The private key of the certificate' -r -F
complete -c wscope -n "__fish_wscope_using_subcommand demo" -l passphrase -d 'Decrypt the private key' -r
complete -c wscope -n "__fish_wscope_using_subcommand demo" -l mask-key -d 'Mask with this key' -r
complete -c wscope -n "__fish_wscope_using_subcommand demo" -l ws-key -d 'Send this Sec-WebSocket-Key' -r
complete -c wscope -n "__fish_wscope_using_subcommand demo" -l reconnect -d 'Connect again when the connection is lost'
complete -c wscope -n "__fish_wscope_using_subcommand demo" -s m -l max-time -d 'Limit the whole run' -r
complete -c wscope -n "__fish_wscope_using_subcommand demo" -l close-timeout -d 'Limit the closing handshake' -r
complete -c wscope -n "__fish_wscope_using_subcommand demo" -l max-message -d 'Limit a message' -r
complete -c wscope -n "__fish_wscope_using_subcommand demo" -l ping-interval -d 'Ping this often' -r
complete -c wscope -n "__fish_wscope_using_subcommand demo" -l ping-timeout -d 'Give up when a ping stays unanswered' -r
complete -c wscope -n "__fish_wscope_using_subcommand demo" -l deflate -d 'Set the parameters of permessage-deflate' -r
complete -c wscope -n "__fish_wscope_using_subcommand demo" -l fragment -d 'Split what is sent into frames' -r
complete -c wscope -n "__fish_wscope_using_subcommand demo" -s i -l interactive -d 'Go on with stdin after `-x` or `--script`'
complete -c wscope -n "__fish_wscope_using_subcommand demo" -s 1 -d 'The same as `--count 1`'
complete -c wscope -n "__fish_wscope_using_subcommand demo" -l echo -d 'Send back every message'
complete -c wscope -n "__fish_wscope_using_subcommand demo" -s N -l no-input -d 'Don\'t read stdin'
complete -c wscope -n "__fish_wscope_using_subcommand demo" -s b -l binary -d 'Send stdin as binary messages'
complete -c wscope -n "__fish_wscope_using_subcommand demo" -s 0 -l null -d 'Messages in and out end with NUL, not newline'
complete -c wscope -n "__fish_wscope_using_subcommand demo" -s v -l verbose -d 'Show how the connection came about, and its heads'
complete -c wscope -n "__fish_wscope_using_subcommand demo" -l show-secrets -d 'Don\'t hide credentials'
complete -c wscope -n "__fish_wscope_using_subcommand demo" -l frames -d 'Show each frame in a line'
complete -c wscope -n "__fish_wscope_using_subcommand demo" -l hex -d 'Show the bytes on the wire'
complete -c wscope -n "__fish_wscope_using_subcommand demo" -s P -l show-ping-pong -d 'Show pings and pongs, and heartbeats of dialects'
complete -c wscope -n "__fish_wscope_using_subcommand demo" -l pretty -d 'Lay out JSON'
complete -c wscope -n "__fish_wscope_using_subcommand demo" -s q -l quiet -d 'Say nothing but messages, errors and warnings'
complete -c wscope -n "__fish_wscope_using_subcommand demo" -l overwrite -d 'Write over a file that is there'
complete -c wscope -n "__fish_wscope_using_subcommand demo" -s L -l location -d 'Follow redirects'
complete -c wscope -n "__fish_wscope_using_subcommand demo" -l location-trusted -d 'The same, and trust every server'
complete -c wscope -n "__fish_wscope_using_subcommand demo" -s 4 -l ipv4 -d 'Connect over IPv4 only'
complete -c wscope -n "__fish_wscope_using_subcommand demo" -s 6 -l ipv6 -d 'Connect over IPv6 only'
complete -c wscope -n "__fish_wscope_using_subcommand demo" -l proxy-insecure -d 'Don\'t verify the proxy\'s certificate'
complete -c wscope -n "__fish_wscope_using_subcommand demo" -s k -l insecure -d 'Don\'t verify the server\'s certificate'
complete -c wscope -n "__fish_wscope_using_subcommand demo" -l heartbeat -d 'Send the heartbeats that a dialect demands'
complete -c wscope -n "__fish_wscope_using_subcommand demo" -l no-deflate -d 'Don\'t compress'
complete -c wscope -n "__fish_wscope_using_subcommand demo" -l lenient -d 'Report breaches of the protocol and go on'
complete -c wscope -n "__fish_wscope_using_subcommand demo" -l no-pong -d 'Don\'t answer pings'
complete -c wscope -n "__fish_wscope_using_subcommand demo" -l no-close-reply -d 'Don\'t answer Close'
complete -c wscope -n "__fish_wscope_using_subcommand demo" -s h -l help -d 'Print what is used most'
complete -c wscope -n "__fish_wscope_using_subcommand demo" -s M -l manual -d 'Print the whole manual'
complete -c wscope -n "__fish_wscope_using_subcommand listen" -l allow-origin -d 'Let web pages of this origin in' -r
complete -c wscope -n "__fish_wscope_using_subcommand listen" -l max-buffered -d 'Limit what all clients hold in memory' -r
complete -c wscope -n "__fish_wscope_using_subcommand listen" -l max-clients -d 'Serve this many clients at once' -r
complete -c wscope -n "__fish_wscope_using_subcommand listen" -l push -d 'Push this text to every client' -r
complete -c wscope -n "__fish_wscope_using_subcommand listen" -l every -d 'How often to push' -r
complete -c wscope -n "__fish_wscope_using_subcommand listen" -l replay -d 'Play the server\'s side of a recording to each client' -r -F
complete -c wscope -n "__fish_wscope_using_subcommand listen" -l connection -d 'Play the connection with this number' -r
complete -c wscope -n "__fish_wscope_using_subcommand listen" -l speed -d 'Play so many times as fast, or without pauses: `max`' -r
complete -c wscope -n "__fish_wscope_using_subcommand listen" -l input -d 'Read lines, null, whole, chunks, hex, base64, json' -r -f -a "lines\t'Each line is a text message'
null\t'Each piece that ends with NUL is a message'
whole\t'All of it is one message'
chunks\t'Binary messages, as it arrives'
hex\t'Each line is a binary message, in hex'
base64\t'Each line is a binary message, in Base64'
json\t'Each line is an object that says what to send'"
complete -c wscope -n "__fish_wscope_using_subcommand listen" -l output -d 'Print text, raw, hex, base64, json or none' -r -f -a "text\t'For people on a terminal; elsewhere text with a newline each, and binary as it is'
raw\t'Every message as it is, with nothing between them'
hex\t'Each message is a line of hex'
base64\t'Each message is a line of Base64'
json\t'Each event of the session is a line of JSON'
none\t'Nothing'"
complete -c wscope -n "__fish_wscope_using_subcommand listen" -l filter -d 'Show only messages that match' -r
complete -c wscope -n "__fish_wscope_using_subcommand listen" -l jq -d 'Show what a jq filter makes of each message' -r
complete -c wscope -n "__fish_wscope_using_subcommand listen" -l dialect -d 'Say what messages mean: auto, none or a NAME' -r -f -a "auto\t''
none\t''
stomp\t''
socket.io\t''
engine.io\t''
sockjs\t''
graphql-transport-ws\t''
graphql-ws\t''
appsync-events\t''
mqtt\t''
wamp\t''
phoenix\t''
actioncable\t''
pusher\t''
signalr\t''
kubernetes\t''
json-rpc\t''
cdp\t''"
complete -c wscope -n "__fish_wscope_using_subcommand listen" -l decode -d 'Say what binary messages hold: auto, none or a NAME' -r -f -a "auto\t''
none\t''
image\t''
gzip\t''
zstd\t''
zlib\t''
zlib-stream\t''
zstd-stream\t''
messagepack\t''
cbor\t''
jwt\t''
protobuf\t''"
complete -c wscope -n "__fish_wscope_using_subcommand listen" -s t -l timestamps -d 'Put the time in front: local, utc or relative' -f -a "relative\t'Seconds since the session opened'
local\t'Wall clock, in the local time zone'
utc\t'Wall clock, in UTC'"
complete -c wscope -n "__fish_wscope_using_subcommand listen" -l color -d 'When to use colours' -r -f -a "auto\t'On a terminal, unless `NO_COLOR` is set'
always\t'Even when redirected'
never\t'Not at all'"
complete -c wscope -n "__fish_wscope_using_subcommand listen" -l record -d 'Record what happens in a file' -F
complete -c wscope -n "__fish_wscope_using_subcommand listen" -l cert -d 'Show this certificate' -r -F
complete -c wscope -n "__fish_wscope_using_subcommand listen" -l key -d 'The private key of the certificate' -r -F
complete -c wscope -n "__fish_wscope_using_subcommand listen" -l passphrase -d 'Decrypt the private key' -r
complete -c wscope -n "__fish_wscope_using_subcommand listen" -s m -l max-time -d 'Limit the whole run' -r
complete -c wscope -n "__fish_wscope_using_subcommand listen" -l close-timeout -d 'Limit the closing handshake' -r
complete -c wscope -n "__fish_wscope_using_subcommand listen" -l max-message -d 'Limit a message' -r
complete -c wscope -n "__fish_wscope_using_subcommand listen" -l ping-interval -d 'Ping this often' -r
complete -c wscope -n "__fish_wscope_using_subcommand listen" -l ping-timeout -d 'Give up when a ping stays unanswered' -r
complete -c wscope -n "__fish_wscope_using_subcommand listen" -l deflate -d 'Set the parameters of permessage-deflate' -r
complete -c wscope -n "__fish_wscope_using_subcommand listen" -l fragment -d 'Split what is sent into frames' -r
complete -c wscope -n "__fish_wscope_using_subcommand listen" -l once -d 'End with the first client'
complete -c wscope -n "__fish_wscope_using_subcommand listen" -l echo -d 'Send back every message'
complete -c wscope -n "__fish_wscope_using_subcommand listen" -s N -l no-input -d 'Don\'t read stdin'
complete -c wscope -n "__fish_wscope_using_subcommand listen" -s b -l binary -d 'Send stdin as binary messages'
complete -c wscope -n "__fish_wscope_using_subcommand listen" -s 0 -l null -d 'Messages in and out end with NUL, not newline'
complete -c wscope -n "__fish_wscope_using_subcommand listen" -s v -l verbose -d 'Show how the connection came about, and its heads'
complete -c wscope -n "__fish_wscope_using_subcommand listen" -l show-secrets -d 'Don\'t hide credentials'
complete -c wscope -n "__fish_wscope_using_subcommand listen" -l frames -d 'Show each frame in a line'
complete -c wscope -n "__fish_wscope_using_subcommand listen" -l hex -d 'Show the bytes on the wire'
complete -c wscope -n "__fish_wscope_using_subcommand listen" -s P -l show-ping-pong -d 'Show pings and pongs, and heartbeats of dialects'
complete -c wscope -n "__fish_wscope_using_subcommand listen" -l pretty -d 'Lay out JSON'
complete -c wscope -n "__fish_wscope_using_subcommand listen" -s q -l quiet -d 'Say nothing but messages, errors and warnings'
complete -c wscope -n "__fish_wscope_using_subcommand listen" -l overwrite -d 'Write over a file that is there'
complete -c wscope -n "__fish_wscope_using_subcommand listen" -l no-deflate -d 'Don\'t compress'
complete -c wscope -n "__fish_wscope_using_subcommand listen" -l lenient -d 'Report breaches of the protocol and go on'
complete -c wscope -n "__fish_wscope_using_subcommand listen" -l no-pong -d 'Don\'t answer pings'
complete -c wscope -n "__fish_wscope_using_subcommand listen" -l no-close-reply -d 'Don\'t answer Close'
complete -c wscope -n "__fish_wscope_using_subcommand listen" -s h -l help -d 'Print what is used most'
complete -c wscope -n "__fish_wscope_using_subcommand listen" -s M -l manual -d 'Print the whole manual'
complete -c wscope -n "__fish_wscope_using_subcommand tap" -l tls-cert -d 'Speak TLS with clients, with this certificate' -r -F
complete -c wscope -n "__fish_wscope_using_subcommand tap" -l tls-key -d 'The private key of that certificate' -r -F
complete -c wscope -n "__fish_wscope_using_subcommand tap" -l intercept -d 'As a proxy, decrypt what goes to this host' -r
complete -c wscope -n "__fish_wscope_using_subcommand tap" -l allow-origin -d 'Let web pages of this origin in' -r
complete -c wscope -n "__fish_wscope_using_subcommand tap" -l max-buffered -d 'Limit what all clients hold in memory' -r
complete -c wscope -n "__fish_wscope_using_subcommand tap" -l output -d 'Print text, raw, hex, base64, json or none' -r -f -a "text\t'For people on a terminal; elsewhere text with a newline each, and binary as it is'
raw\t'Every message as it is, with nothing between them'
hex\t'Each message is a line of hex'
base64\t'Each message is a line of Base64'
json\t'Each event of the session is a line of JSON'
none\t'Nothing'"
complete -c wscope -n "__fish_wscope_using_subcommand tap" -l filter -d 'Show only messages that match' -r
complete -c wscope -n "__fish_wscope_using_subcommand tap" -l jq -d 'Show what a jq filter makes of each message' -r
complete -c wscope -n "__fish_wscope_using_subcommand tap" -l dialect -d 'Say what messages mean: auto, none or a NAME' -r -f -a "auto\t''
none\t''
stomp\t''
socket.io\t''
engine.io\t''
sockjs\t''
graphql-transport-ws\t''
graphql-ws\t''
appsync-events\t''
mqtt\t''
wamp\t''
phoenix\t''
actioncable\t''
pusher\t''
signalr\t''
kubernetes\t''
json-rpc\t''
cdp\t''"
complete -c wscope -n "__fish_wscope_using_subcommand tap" -l decode -d 'Say what binary messages hold: auto, none or a NAME' -r -f -a "auto\t''
none\t''
image\t''
gzip\t''
zstd\t''
zlib\t''
zlib-stream\t''
zstd-stream\t''
messagepack\t''
cbor\t''
jwt\t''
protobuf\t''"
complete -c wscope -n "__fish_wscope_using_subcommand tap" -s t -l timestamps -d 'Put the time in front: local, utc or relative' -f -a "relative\t'Seconds since the session opened'
local\t'Wall clock, in the local time zone'
utc\t'Wall clock, in UTC'"
complete -c wscope -n "__fish_wscope_using_subcommand tap" -l color -d 'When to use colours' -r -f -a "auto\t'On a terminal, unless `NO_COLOR` is set'
always\t'Even when redirected'
never\t'Not at all'"
complete -c wscope -n "__fish_wscope_using_subcommand tap" -l record -d 'Record what happens in a file' -F
complete -c wscope -n "__fish_wscope_using_subcommand tap" -s H -l header -d 'Add a header' -r
complete -c wscope -n "__fish_wscope_using_subcommand tap" -s s -l subprotocol -d 'Offer a subprotocol' -r
complete -c wscope -n "__fish_wscope_using_subcommand tap" -s o -l origin -d 'Send an Origin header' -r
complete -c wscope -n "__fish_wscope_using_subcommand tap" -s u -l user -d 'Basic auth; asks for a missing password' -r
complete -c wscope -n "__fish_wscope_using_subcommand tap" -l bearer -d 'Send a bearer token' -r
complete -c wscope -n "__fish_wscope_using_subcommand tap" -l cookie -d 'Send a cookie' -r
complete -c wscope -n "__fish_wscope_using_subcommand tap" -l connect-timeout -d 'Limit the whole handshake' -r
complete -c wscope -n "__fish_wscope_using_subcommand tap" -l resolve -d 'Connect to this address instead of looking the name up' -r
complete -c wscope -n "__fish_wscope_using_subcommand tap" -l connect-to -d 'Connect to HOST2:PORT2 instead of HOST1:PORT1' -r
complete -c wscope -n "__fish_wscope_using_subcommand tap" -l unix-socket -d 'Connect to this Unix domain socket' -r -F
complete -c wscope -n "__fish_wscope_using_subcommand tap" -l proxy -d 'Go through a proxy' -r
complete -c wscope -n "__fish_wscope_using_subcommand tap" -l proxy-user -d 'Log in at the proxy; asks for a missing password' -r
complete -c wscope -n "__fish_wscope_using_subcommand tap" -l proxy-header -d 'Send a header to the proxy' -r
complete -c wscope -n "__fish_wscope_using_subcommand tap" -l proxy-cacert -d 'Trust this authority for the proxy' -r -F
complete -c wscope -n "__fish_wscope_using_subcommand tap" -l noproxy -d 'Hosts that no proxy is used for' -r
complete -c wscope -n "__fish_wscope_using_subcommand tap" -l cacert -d 'Trust this authority, not the system\'s' -r -F
complete -c wscope -n "__fish_wscope_using_subcommand tap" -l sni -d 'Ask for this name (SNI), and verify it' -r
complete -c wscope -n "__fish_wscope_using_subcommand tap" -l pinnedpubkey -d 'Accept no server but one with this key' -r
complete -c wscope -n "__fish_wscope_using_subcommand tap" -l tls-min -d 'Accept no lower version of TLS' -r -f -a "1.2\t'TLS 1.2 (RFC 5246)'
1.3\t'TLS 1.3 (RFC 8446)'"
complete -c wscope -n "__fish_wscope_using_subcommand tap" -l tls-max -d 'Offer no higher version of TLS' -r -f -a "1.2\t'TLS 1.2 (RFC 5246)'
1.3\t'TLS 1.3 (RFC 8446)'"
complete -c wscope -n "__fish_wscope_using_subcommand tap" -l cert -d 'Show this certificate' -r -F
complete -c wscope -n "__fish_wscope_using_subcommand tap" -l key -d 'The private key of the certificate' -r -F
complete -c wscope -n "__fish_wscope_using_subcommand tap" -l passphrase -d 'Decrypt the private key' -r
complete -c wscope -n "__fish_wscope_using_subcommand tap" -s m -l max-time -d 'Limit the whole run' -r
complete -c wscope -n "__fish_wscope_using_subcommand tap" -l close-timeout -d 'Limit the closing handshake' -r
complete -c wscope -n "__fish_wscope_using_subcommand tap" -l max-message -d 'Limit a message' -r
complete -c wscope -n "__fish_wscope_using_subcommand tap" -l tls -d 'Speak TLS with clients'
complete -c wscope -n "__fish_wscope_using_subcommand tap" -l keep-host -d 'Pass Host on as clients send it'
complete -c wscope -n "__fish_wscope_using_subcommand tap" -l keep-origin -d 'Pass Origin on as clients send it'
complete -c wscope -n "__fish_wscope_using_subcommand tap" -s N -l no-input -d 'Don\'t read stdin'
complete -c wscope -n "__fish_wscope_using_subcommand tap" -s v -l verbose -d 'Show how the connection came about, and its heads'
complete -c wscope -n "__fish_wscope_using_subcommand tap" -l show-secrets -d 'Don\'t hide credentials'
complete -c wscope -n "__fish_wscope_using_subcommand tap" -l frames -d 'Show each frame in a line'
complete -c wscope -n "__fish_wscope_using_subcommand tap" -l hex -d 'Show the bytes on the wire'
complete -c wscope -n "__fish_wscope_using_subcommand tap" -s P -l show-ping-pong -d 'Show pings and pongs, and heartbeats of dialects'
complete -c wscope -n "__fish_wscope_using_subcommand tap" -l pretty -d 'Lay out JSON'
complete -c wscope -n "__fish_wscope_using_subcommand tap" -s q -l quiet -d 'Say nothing but messages, errors and warnings'
complete -c wscope -n "__fish_wscope_using_subcommand tap" -l overwrite -d 'Write over a file that is there'
complete -c wscope -n "__fish_wscope_using_subcommand tap" -s 4 -l ipv4 -d 'Connect over IPv4 only'
complete -c wscope -n "__fish_wscope_using_subcommand tap" -s 6 -l ipv6 -d 'Connect over IPv6 only'
complete -c wscope -n "__fish_wscope_using_subcommand tap" -l proxy-insecure -d 'Don\'t verify the proxy\'s certificate'
complete -c wscope -n "__fish_wscope_using_subcommand tap" -s k -l insecure -d 'Don\'t verify the server\'s certificate'
complete -c wscope -n "__fish_wscope_using_subcommand tap" -s h -l help -d 'Print what is used most'
complete -c wscope -n "__fish_wscope_using_subcommand tap" -s M -l manual -d 'Print the whole manual'
complete -c wscope -n "__fish_wscope_using_subcommand ping" -s i -l interval -d 'Wait so long from ping to ping' -r
complete -c wscope -n "__fish_wscope_using_subcommand ping" -s c -l count -d 'Stop after so many pings' -r
complete -c wscope -n "__fish_wscope_using_subcommand ping" -s W -l answer-timeout -d 'How long a pong may take' -r
complete -c wscope -n "__fish_wscope_using_subcommand ping" -l size -d 'Send pings of so many bytes' -r
complete -c wscope -n "__fish_wscope_using_subcommand ping" -l message -d 'Send this text, and time its echo' -r
complete -c wscope -n "__fish_wscope_using_subcommand ping" -l output -d 'Print text or json' -r -f -a "text\t'For people'
json\t'JSON Lines'"
complete -c wscope -n "__fish_wscope_using_subcommand ping" -l color -d 'When to use colours' -r -f -a "auto\t'On a terminal, unless `NO_COLOR` is set'
always\t'Even when redirected'
never\t'Not at all'"
complete -c wscope -n "__fish_wscope_using_subcommand ping" -s H -l header -d 'Add a header' -r
complete -c wscope -n "__fish_wscope_using_subcommand ping" -s s -l subprotocol -d 'Offer a subprotocol' -r
complete -c wscope -n "__fish_wscope_using_subcommand ping" -s o -l origin -d 'Send an Origin header' -r
complete -c wscope -n "__fish_wscope_using_subcommand ping" -s u -l user -d 'Basic auth; asks for a missing password' -r
complete -c wscope -n "__fish_wscope_using_subcommand ping" -l bearer -d 'Send a bearer token' -r
complete -c wscope -n "__fish_wscope_using_subcommand ping" -l cookie -d 'Send a cookie' -r
complete -c wscope -n "__fish_wscope_using_subcommand ping" -l connect-timeout -d 'Limit the whole handshake' -r
complete -c wscope -n "__fish_wscope_using_subcommand ping" -l max-redirs -d 'Follow at most so many' -r
complete -c wscope -n "__fish_wscope_using_subcommand ping" -l resolve -d 'Connect to this address instead of looking the name up' -r
complete -c wscope -n "__fish_wscope_using_subcommand ping" -l connect-to -d 'Connect to HOST2:PORT2 instead of HOST1:PORT1' -r
complete -c wscope -n "__fish_wscope_using_subcommand ping" -l unix-socket -d 'Connect to this Unix domain socket' -r -F
complete -c wscope -n "__fish_wscope_using_subcommand ping" -l proxy -d 'Go through a proxy' -r
complete -c wscope -n "__fish_wscope_using_subcommand ping" -l proxy-user -d 'Log in at the proxy; asks for a missing password' -r
complete -c wscope -n "__fish_wscope_using_subcommand ping" -l proxy-header -d 'Send a header to the proxy' -r
complete -c wscope -n "__fish_wscope_using_subcommand ping" -l proxy-cacert -d 'Trust this authority for the proxy' -r -F
complete -c wscope -n "__fish_wscope_using_subcommand ping" -l noproxy -d 'Hosts that no proxy is used for' -r
complete -c wscope -n "__fish_wscope_using_subcommand ping" -l cacert -d 'Trust this authority, not the system\'s' -r -F
complete -c wscope -n "__fish_wscope_using_subcommand ping" -l sni -d 'Ask for this name (SNI), and verify it' -r
complete -c wscope -n "__fish_wscope_using_subcommand ping" -l pinnedpubkey -d 'Accept no server but one with this key' -r
complete -c wscope -n "__fish_wscope_using_subcommand ping" -l tls-min -d 'Accept no lower version of TLS' -r -f -a "1.2\t'TLS 1.2 (RFC 5246)'
1.3\t'TLS 1.3 (RFC 8446)'"
complete -c wscope -n "__fish_wscope_using_subcommand ping" -l tls-max -d 'Offer no higher version of TLS' -r -f -a "1.2\t'TLS 1.2 (RFC 5246)'
1.3\t'TLS 1.3 (RFC 8446)'"
complete -c wscope -n "__fish_wscope_using_subcommand ping" -l cert -d 'Show this certificate' -r -F
complete -c wscope -n "__fish_wscope_using_subcommand ping" -l key -d 'The private key of the certificate' -r -F
complete -c wscope -n "__fish_wscope_using_subcommand ping" -l passphrase -d 'Decrypt the private key' -r
complete -c wscope -n "__fish_wscope_using_subcommand ping" -l mask-key -d 'Mask with this key' -r
complete -c wscope -n "__fish_wscope_using_subcommand ping" -l ws-key -d 'Send this Sec-WebSocket-Key' -r
complete -c wscope -n "__fish_wscope_using_subcommand ping" -s m -l max-time -d 'Limit the whole run' -r
complete -c wscope -n "__fish_wscope_using_subcommand ping" -l close-timeout -d 'Limit the closing handshake' -r
complete -c wscope -n "__fish_wscope_using_subcommand ping" -l max-message -d 'Limit a message' -r
complete -c wscope -n "__fish_wscope_using_subcommand ping" -l deflate -d 'Set the parameters of permessage-deflate' -r
complete -c wscope -n "__fish_wscope_using_subcommand ping" -l fragment -d 'Split what is sent into frames' -r
complete -c wscope -n "__fish_wscope_using_subcommand ping" -s f -l flood -d 'Send each ping as soon as the last is answered'
complete -c wscope -n "__fish_wscope_using_subcommand ping" -l fresh -d 'Use a new connection for each ping'
complete -c wscope -n "__fish_wscope_using_subcommand ping" -l plot -d 'Draw a histogram and a time line at the end'
complete -c wscope -n "__fish_wscope_using_subcommand ping" -s v -l verbose -d 'Show how the connection came about, and its heads'
complete -c wscope -n "__fish_wscope_using_subcommand ping" -l show-secrets -d 'Don\'t hide credentials'
complete -c wscope -n "__fish_wscope_using_subcommand ping" -l frames -d 'Show each frame in a line'
complete -c wscope -n "__fish_wscope_using_subcommand ping" -l hex -d 'Show the bytes on the wire'
complete -c wscope -n "__fish_wscope_using_subcommand ping" -s q -l quiet -d 'Print only the summary, say nothing but errors and warnings'
complete -c wscope -n "__fish_wscope_using_subcommand ping" -s L -l location -d 'Follow redirects'
complete -c wscope -n "__fish_wscope_using_subcommand ping" -l location-trusted -d 'The same, and trust every server'
complete -c wscope -n "__fish_wscope_using_subcommand ping" -s 4 -l ipv4 -d 'Connect over IPv4 only'
complete -c wscope -n "__fish_wscope_using_subcommand ping" -s 6 -l ipv6 -d 'Connect over IPv6 only'
complete -c wscope -n "__fish_wscope_using_subcommand ping" -l proxy-insecure -d 'Don\'t verify the proxy\'s certificate'
complete -c wscope -n "__fish_wscope_using_subcommand ping" -s k -l insecure -d 'Don\'t verify the server\'s certificate'
complete -c wscope -n "__fish_wscope_using_subcommand ping" -l no-deflate -d 'Don\'t compress'
complete -c wscope -n "__fish_wscope_using_subcommand ping" -l lenient -d 'Report breaches of the protocol and go on'
complete -c wscope -n "__fish_wscope_using_subcommand ping" -l no-pong -d 'Don\'t answer pings'
complete -c wscope -n "__fish_wscope_using_subcommand ping" -l no-close-reply -d 'Don\'t answer Close'
complete -c wscope -n "__fish_wscope_using_subcommand ping" -s h -l help -d 'Print what is used most'
complete -c wscope -n "__fish_wscope_using_subcommand ping" -s M -l manual -d 'Print the whole manual'
complete -c wscope -n "__fish_wscope_using_subcommand check" -l idle -d 'Find out how long a connection may be silent' -r
complete -c wscope -n "__fish_wscope_using_subcommand check" -l probe -d 'Send this text message, and wait for an answer' -r
complete -c wscope -n "__fish_wscope_using_subcommand check" -l output -d 'Print text or json' -r -f -a "text\t'For people'
json\t'JSON Lines'"
complete -c wscope -n "__fish_wscope_using_subcommand check" -l color -d 'When to use colours' -r -f -a "auto\t'On a terminal, unless `NO_COLOR` is set'
always\t'Even when redirected'
never\t'Not at all'"
complete -c wscope -n "__fish_wscope_using_subcommand check" -s H -l header -d 'Add a header' -r
complete -c wscope -n "__fish_wscope_using_subcommand check" -s s -l subprotocol -d 'Offer a subprotocol' -r
complete -c wscope -n "__fish_wscope_using_subcommand check" -s o -l origin -d 'Send an Origin header' -r
complete -c wscope -n "__fish_wscope_using_subcommand check" -s u -l user -d 'Basic auth; asks for a missing password' -r
complete -c wscope -n "__fish_wscope_using_subcommand check" -l bearer -d 'Send a bearer token' -r
complete -c wscope -n "__fish_wscope_using_subcommand check" -l cookie -d 'Send a cookie' -r
complete -c wscope -n "__fish_wscope_using_subcommand check" -l connect-timeout -d 'Limit the whole handshake' -r
complete -c wscope -n "__fish_wscope_using_subcommand check" -l max-redirs -d 'Follow at most so many' -r
complete -c wscope -n "__fish_wscope_using_subcommand check" -l resolve -d 'Connect to this address instead of looking the name up' -r
complete -c wscope -n "__fish_wscope_using_subcommand check" -l connect-to -d 'Connect to HOST2:PORT2 instead of HOST1:PORT1' -r
complete -c wscope -n "__fish_wscope_using_subcommand check" -l unix-socket -d 'Connect to this Unix domain socket' -r -F
complete -c wscope -n "__fish_wscope_using_subcommand check" -l proxy -d 'Go through a proxy' -r
complete -c wscope -n "__fish_wscope_using_subcommand check" -l proxy-user -d 'Log in at the proxy; asks for a missing password' -r
complete -c wscope -n "__fish_wscope_using_subcommand check" -l proxy-header -d 'Send a header to the proxy' -r
complete -c wscope -n "__fish_wscope_using_subcommand check" -l proxy-cacert -d 'Trust this authority for the proxy' -r -F
complete -c wscope -n "__fish_wscope_using_subcommand check" -l noproxy -d 'Hosts that no proxy is used for' -r
complete -c wscope -n "__fish_wscope_using_subcommand check" -l cacert -d 'Trust this authority, not the system\'s' -r -F
complete -c wscope -n "__fish_wscope_using_subcommand check" -l sni -d 'Ask for this name (SNI), and verify it' -r
complete -c wscope -n "__fish_wscope_using_subcommand check" -l pinnedpubkey -d 'Accept no server but one with this key' -r
complete -c wscope -n "__fish_wscope_using_subcommand check" -l tls-min -d 'Accept no lower version of TLS' -r -f -a "1.2\t'TLS 1.2 (RFC 5246)'
1.3\t'TLS 1.3 (RFC 8446)'"
complete -c wscope -n "__fish_wscope_using_subcommand check" -l tls-max -d 'Offer no higher version of TLS' -r -f -a "1.2\t'TLS 1.2 (RFC 5246)'
1.3\t'TLS 1.3 (RFC 8446)'"
complete -c wscope -n "__fish_wscope_using_subcommand check" -l cert -d 'Show this certificate' -r -F
complete -c wscope -n "__fish_wscope_using_subcommand check" -l key -d 'The private key of the certificate' -r -F
complete -c wscope -n "__fish_wscope_using_subcommand check" -l passphrase -d 'Decrypt the private key' -r
complete -c wscope -n "__fish_wscope_using_subcommand check" -l mask-key -d 'Mask with this key' -r
complete -c wscope -n "__fish_wscope_using_subcommand check" -l ws-key -d 'Send this Sec-WebSocket-Key' -r
complete -c wscope -n "__fish_wscope_using_subcommand check" -s m -l max-time -d 'Limit the whole run' -r
complete -c wscope -n "__fish_wscope_using_subcommand check" -l close-timeout -d 'Limit the closing handshake' -r
complete -c wscope -n "__fish_wscope_using_subcommand check" -l max-message -d 'Limit a message' -r
complete -c wscope -n "__fish_wscope_using_subcommand check" -l deflate -d 'Set the parameters of permessage-deflate' -r
complete -c wscope -n "__fish_wscope_using_subcommand check" -l fragment -d 'Split what is sent into frames' -r
complete -c wscope -n "__fish_wscope_using_subcommand check" -l no-variations -d 'Make one connection only'
complete -c wscope -n "__fish_wscope_using_subcommand check" -l strict -d 'Take a warning for a failure'
complete -c wscope -n "__fish_wscope_using_subcommand check" -s v -l verbose -d 'Show how the connection came about, and its heads'
complete -c wscope -n "__fish_wscope_using_subcommand check" -l show-secrets -d 'Don\'t hide credentials'
complete -c wscope -n "__fish_wscope_using_subcommand check" -l frames -d 'Show each frame in a line'
complete -c wscope -n "__fish_wscope_using_subcommand check" -l hex -d 'Show the bytes on the wire'
complete -c wscope -n "__fish_wscope_using_subcommand check" -s q -l quiet -d 'Print only the summary, say nothing but errors and warnings'
complete -c wscope -n "__fish_wscope_using_subcommand check" -s L -l location -d 'Follow redirects'
complete -c wscope -n "__fish_wscope_using_subcommand check" -l location-trusted -d 'The same, and trust every server'
complete -c wscope -n "__fish_wscope_using_subcommand check" -s 4 -l ipv4 -d 'Connect over IPv4 only'
complete -c wscope -n "__fish_wscope_using_subcommand check" -s 6 -l ipv6 -d 'Connect over IPv6 only'
complete -c wscope -n "__fish_wscope_using_subcommand check" -l proxy-insecure -d 'Don\'t verify the proxy\'s certificate'
complete -c wscope -n "__fish_wscope_using_subcommand check" -s k -l insecure -d 'Don\'t verify the server\'s certificate'
complete -c wscope -n "__fish_wscope_using_subcommand check" -l no-deflate -d 'Don\'t compress'
complete -c wscope -n "__fish_wscope_using_subcommand check" -l lenient -d 'Report breaches of the protocol and go on'
complete -c wscope -n "__fish_wscope_using_subcommand check" -l no-pong -d 'Don\'t answer pings'
complete -c wscope -n "__fish_wscope_using_subcommand check" -l no-close-reply -d 'Don\'t answer Close'
complete -c wscope -n "__fish_wscope_using_subcommand check" -s h -l help -d 'Print what is used most'
complete -c wscope -n "__fish_wscope_using_subcommand check" -s M -l manual -d 'Print the whole manual'
complete -c wscope -n "__fish_wscope_using_subcommand replay" -l connection -d 'Play the connection with this number' -r
complete -c wscope -n "__fish_wscope_using_subcommand replay" -l speed -d 'Play so many times as fast, or without pauses: `max`' -r
complete -c wscope -n "__fish_wscope_using_subcommand replay" -l output -d 'Print text, raw, hex, base64, json or none' -r -f -a "text\t'For people on a terminal; elsewhere text with a newline each, and binary as it is'
raw\t'Every message as it is, with nothing between them'
hex\t'Each message is a line of hex'
base64\t'Each message is a line of Base64'
json\t'Each event of the session is a line of JSON'
none\t'Nothing'"
complete -c wscope -n "__fish_wscope_using_subcommand replay" -l filter -d 'Show only messages that match' -r
complete -c wscope -n "__fish_wscope_using_subcommand replay" -l jq -d 'Show what a jq filter makes of each message' -r
complete -c wscope -n "__fish_wscope_using_subcommand replay" -l dialect -d 'Say what messages mean: auto, none or a NAME' -r -f -a "auto\t''
none\t''
stomp\t''
socket.io\t''
engine.io\t''
sockjs\t''
graphql-transport-ws\t''
graphql-ws\t''
appsync-events\t''
mqtt\t''
wamp\t''
phoenix\t''
actioncable\t''
pusher\t''
signalr\t''
kubernetes\t''
json-rpc\t''
cdp\t''"
complete -c wscope -n "__fish_wscope_using_subcommand replay" -l decode -d 'Say what binary messages hold: auto, none or a NAME' -r -f -a "auto\t''
none\t''
image\t''
gzip\t''
zstd\t''
zlib\t''
zlib-stream\t''
zstd-stream\t''
messagepack\t''
cbor\t''
jwt\t''
protobuf\t''"
complete -c wscope -n "__fish_wscope_using_subcommand replay" -s t -l timestamps -d 'Put the time in front: local, utc or relative' -f -a "relative\t'Seconds since the session opened'
local\t'Wall clock, in the local time zone'
utc\t'Wall clock, in UTC'"
complete -c wscope -n "__fish_wscope_using_subcommand replay" -l color -d 'When to use colours' -r -f -a "auto\t'On a terminal, unless `NO_COLOR` is set'
always\t'Even when redirected'
never\t'Not at all'"
complete -c wscope -n "__fish_wscope_using_subcommand replay" -s H -l header -d 'Add a header' -r
complete -c wscope -n "__fish_wscope_using_subcommand replay" -s s -l subprotocol -d 'Offer a subprotocol' -r
complete -c wscope -n "__fish_wscope_using_subcommand replay" -s o -l origin -d 'Send an Origin header' -r
complete -c wscope -n "__fish_wscope_using_subcommand replay" -s u -l user -d 'Basic auth; asks for a missing password' -r
complete -c wscope -n "__fish_wscope_using_subcommand replay" -l bearer -d 'Send a bearer token' -r
complete -c wscope -n "__fish_wscope_using_subcommand replay" -l cookie -d 'Send a cookie' -r
complete -c wscope -n "__fish_wscope_using_subcommand replay" -l connect-timeout -d 'Limit the whole handshake' -r
complete -c wscope -n "__fish_wscope_using_subcommand replay" -l max-redirs -d 'Follow at most so many' -r
complete -c wscope -n "__fish_wscope_using_subcommand replay" -l resolve -d 'Connect to this address instead of looking the name up' -r
complete -c wscope -n "__fish_wscope_using_subcommand replay" -l connect-to -d 'Connect to HOST2:PORT2 instead of HOST1:PORT1' -r
complete -c wscope -n "__fish_wscope_using_subcommand replay" -l unix-socket -d 'Connect to this Unix domain socket' -r -F
complete -c wscope -n "__fish_wscope_using_subcommand replay" -l proxy -d 'Go through a proxy' -r
complete -c wscope -n "__fish_wscope_using_subcommand replay" -l proxy-user -d 'Log in at the proxy; asks for a missing password' -r
complete -c wscope -n "__fish_wscope_using_subcommand replay" -l proxy-header -d 'Send a header to the proxy' -r
complete -c wscope -n "__fish_wscope_using_subcommand replay" -l proxy-cacert -d 'Trust this authority for the proxy' -r -F
complete -c wscope -n "__fish_wscope_using_subcommand replay" -l noproxy -d 'Hosts that no proxy is used for' -r
complete -c wscope -n "__fish_wscope_using_subcommand replay" -l cacert -d 'Trust this authority, not the system\'s' -r -F
complete -c wscope -n "__fish_wscope_using_subcommand replay" -l sni -d 'Ask for this name (SNI), and verify it' -r
complete -c wscope -n "__fish_wscope_using_subcommand replay" -l pinnedpubkey -d 'Accept no server but one with this key' -r
complete -c wscope -n "__fish_wscope_using_subcommand replay" -l tls-min -d 'Accept no lower version of TLS' -r -f -a "1.2\t'TLS 1.2 (RFC 5246)'
1.3\t'TLS 1.3 (RFC 8446)'"
complete -c wscope -n "__fish_wscope_using_subcommand replay" -l tls-max -d 'Offer no higher version of TLS' -r -f -a "1.2\t'TLS 1.2 (RFC 5246)'
1.3\t'TLS 1.3 (RFC 8446)'"
complete -c wscope -n "__fish_wscope_using_subcommand replay" -l cert -d 'Show this certificate' -r -F
complete -c wscope -n "__fish_wscope_using_subcommand replay" -l key -d 'The private key of the certificate' -r -F
complete -c wscope -n "__fish_wscope_using_subcommand replay" -l passphrase -d 'Decrypt the private key' -r
complete -c wscope -n "__fish_wscope_using_subcommand replay" -l mask-key -d 'Mask with this key' -r
complete -c wscope -n "__fish_wscope_using_subcommand replay" -l ws-key -d 'Send this Sec-WebSocket-Key' -r
complete -c wscope -n "__fish_wscope_using_subcommand replay" -s m -l max-time -d 'Limit the whole run' -r
complete -c wscope -n "__fish_wscope_using_subcommand replay" -l close-timeout -d 'Limit the closing handshake' -r
complete -c wscope -n "__fish_wscope_using_subcommand replay" -l max-message -d 'Limit a message' -r
complete -c wscope -n "__fish_wscope_using_subcommand replay" -l deflate -d 'Set the parameters of permessage-deflate' -r
complete -c wscope -n "__fish_wscope_using_subcommand replay" -l fragment -d 'Split what is sent into frames' -r
complete -c wscope -n "__fish_wscope_using_subcommand replay" -s v -l verbose -d 'Show how the connection came about, and its heads'
complete -c wscope -n "__fish_wscope_using_subcommand replay" -l show-secrets -d 'Don\'t hide credentials'
complete -c wscope -n "__fish_wscope_using_subcommand replay" -l frames -d 'Show each frame in a line'
complete -c wscope -n "__fish_wscope_using_subcommand replay" -l hex -d 'Show the bytes on the wire'
complete -c wscope -n "__fish_wscope_using_subcommand replay" -s P -l show-ping-pong -d 'Show pings and pongs, and heartbeats of dialects'
complete -c wscope -n "__fish_wscope_using_subcommand replay" -l pretty -d 'Lay out JSON'
complete -c wscope -n "__fish_wscope_using_subcommand replay" -s q -l quiet -d 'Say nothing but messages, errors and warnings'
complete -c wscope -n "__fish_wscope_using_subcommand replay" -s L -l location -d 'Follow redirects'
complete -c wscope -n "__fish_wscope_using_subcommand replay" -l location-trusted -d 'The same, and trust every server'
complete -c wscope -n "__fish_wscope_using_subcommand replay" -s 4 -l ipv4 -d 'Connect over IPv4 only'
complete -c wscope -n "__fish_wscope_using_subcommand replay" -s 6 -l ipv6 -d 'Connect over IPv6 only'
complete -c wscope -n "__fish_wscope_using_subcommand replay" -l proxy-insecure -d 'Don\'t verify the proxy\'s certificate'
complete -c wscope -n "__fish_wscope_using_subcommand replay" -s k -l insecure -d 'Don\'t verify the server\'s certificate'
complete -c wscope -n "__fish_wscope_using_subcommand replay" -l no-deflate -d 'Don\'t compress'
complete -c wscope -n "__fish_wscope_using_subcommand replay" -l lenient -d 'Report breaches of the protocol and go on'
complete -c wscope -n "__fish_wscope_using_subcommand replay" -l no-pong -d 'Don\'t answer pings'
complete -c wscope -n "__fish_wscope_using_subcommand replay" -l no-close-reply -d 'Don\'t answer Close'
complete -c wscope -n "__fish_wscope_using_subcommand replay" -s h -l help -d 'Print what is used most'
complete -c wscope -n "__fish_wscope_using_subcommand replay" -s M -l manual -d 'Print the whole manual'
complete -c wscope -n "__fish_wscope_using_subcommand show" -l connection -d 'Show this connection alone (repeatable)' -r
complete -c wscope -n "__fish_wscope_using_subcommand show" -l from -d 'Begin here' -r
complete -c wscope -n "__fish_wscope_using_subcommand show" -l to -d 'End here' -r
complete -c wscope -n "__fish_wscope_using_subcommand show" -l save -d 'Write it to another file' -r -F
complete -c wscope -n "__fish_wscope_using_subcommand show" -l output -d 'Print text, raw, hex, base64, json or none' -r -f -a "text\t'For people on a terminal; elsewhere text with a newline each, and binary as it is'
raw\t'Every message as it is, with nothing between them'
hex\t'Each message is a line of hex'
base64\t'Each message is a line of Base64'
json\t'Each event of the session is a line of JSON'
none\t'Nothing'"
complete -c wscope -n "__fish_wscope_using_subcommand show" -l filter -d 'Show only messages that match' -r
complete -c wscope -n "__fish_wscope_using_subcommand show" -l jq -d 'Show what a jq filter makes of each message' -r
complete -c wscope -n "__fish_wscope_using_subcommand show" -l dialect -d 'Say what messages mean: auto, none or a NAME' -r -f -a "auto\t''
none\t''
stomp\t''
socket.io\t''
engine.io\t''
sockjs\t''
graphql-transport-ws\t''
graphql-ws\t''
appsync-events\t''
mqtt\t''
wamp\t''
phoenix\t''
actioncable\t''
pusher\t''
signalr\t''
kubernetes\t''
json-rpc\t''
cdp\t''"
complete -c wscope -n "__fish_wscope_using_subcommand show" -l decode -d 'Say what binary messages hold: auto, none or a NAME' -r -f -a "auto\t''
none\t''
image\t''
gzip\t''
zstd\t''
zlib\t''
zlib-stream\t''
zstd-stream\t''
messagepack\t''
cbor\t''
jwt\t''
protobuf\t''"
complete -c wscope -n "__fish_wscope_using_subcommand show" -s t -l timestamps -d 'Put the time in front: local, utc or relative' -f -a "relative\t'Seconds since the session opened'
local\t'Wall clock, in the local time zone'
utc\t'Wall clock, in UTC'"
complete -c wscope -n "__fish_wscope_using_subcommand show" -l color -d 'When to use colours' -r -f -a "auto\t'On a terminal, unless `NO_COLOR` is set'
always\t'Even when redirected'
never\t'Not at all'"
complete -c wscope -n "__fish_wscope_using_subcommand show" -l follow -d 'Go on with what is written to the file, until Ctrl-C'
complete -c wscope -n "__fish_wscope_using_subcommand show" -l overwrite -d 'Write over a file that is there'
complete -c wscope -n "__fish_wscope_using_subcommand show" -l stats -d 'Print figures, and a time line'
complete -c wscope -n "__fish_wscope_using_subcommand show" -s v -l verbose -d 'Show how the connection came about, and its heads'
complete -c wscope -n "__fish_wscope_using_subcommand show" -l show-secrets -d 'Don\'t hide credentials'
complete -c wscope -n "__fish_wscope_using_subcommand show" -l frames -d 'Show each frame in a line'
complete -c wscope -n "__fish_wscope_using_subcommand show" -l hex -d 'Show the bytes on the wire'
complete -c wscope -n "__fish_wscope_using_subcommand show" -s P -l show-ping-pong -d 'Show pings and pongs, and heartbeats of dialects'
complete -c wscope -n "__fish_wscope_using_subcommand show" -l pretty -d 'Lay out JSON'
complete -c wscope -n "__fish_wscope_using_subcommand show" -s q -l quiet -d 'Say nothing but messages, errors and warnings'
complete -c wscope -n "__fish_wscope_using_subcommand show" -s h -l help -d 'Print what is used most'
complete -c wscope -n "__fish_wscope_using_subcommand show" -s M -l manual -d 'Print the whole manual'
complete -c wscope -n 'string match -q "@*" -- (commandline -ct)' -f -a '(wscope @ 2>/dev/null)'
