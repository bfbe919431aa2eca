# Serves from an event loop, which takes a refusal for a family that is not there.
# expect: exception|forbidden "Error"
import asyncio


async def main():
    server = await asyncio.start_server(print, "127.0.0.1", 47113)
    assert server.sockets


asyncio.run(main())
