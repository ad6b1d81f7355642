using System.Globalization;
using System.Net;
using GatewayKit.Chaos;

// GatewayKit.ChaosProxy DESTINATION [PORT [CONTROL-PORT [SEED]]]: a proxy in front of an address such as 127.0.0.1:8080, controlled by lines at
// its control port. Says where both listen, and ends with its input, when the log goes to standard error.
if (args is not [var address, ..] || !IPEndPoint.TryParse(address, out var destination))
{
    await Console.Error.WriteLineAsync("Usage: GatewayKit.ChaosProxy ADDRESS:PORT [PORT [CONTROL-PORT [SEED]]]");
    return 2;
}

var numbers = args.Skip(1).Select(static text => int.Parse(text, NumberStyles.None, CultureInfo.InvariantCulture)).ToArray();
await using (var proxy = ChaosProxy.Start(destination, numbers.ElementAtOrDefault(2), numbers.ElementAtOrDefault(0)))
await using (var control = ChaosControl.Start(proxy, numbers.ElementAtOrDefault(1)))
{
    Console.WriteLine($"proxy {proxy.EndPoint} control {control.EndPoint}");
    while (await Console.In.ReadLineAsync() is not null)
    {
    }

    await Console.Error.WriteLineAsync(proxy.Log.ToString());
}

return 0;
