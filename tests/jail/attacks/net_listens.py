# Serves the machine's files to whoever asks.
# expect: forbidden "the program called socket"
import http.server

http.server.HTTPServer(("", 47113), http.server.SimpleHTTPRequestHandler).serve_forever()
