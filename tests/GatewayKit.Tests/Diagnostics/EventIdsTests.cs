using System.Reflection;
using GatewayKit.Diagnostics;
using Microsoft.Extensions.Logging;

namespace GatewayKit.Tests.Diagnostics;

public sealed class EventIdsTests
{
    [Fact]
    public void Each_id_is_of_one_event_that_something_logs()
    {
        var declared = typeof(EventIds).GetFields(BindingFlags.Public | BindingFlags.Static).Select(static field => (int)field.GetRawConstantValue()!).Order();
        var logged = typeof(EventIds).Assembly.GetTypes()
            .SelectMany(static type => type.GetMethods(BindingFlags.Public | BindingFlags.NonPublic | BindingFlags.Static | BindingFlags.DeclaredOnly))
            .Select(static method => method.GetCustomAttribute<LoggerMessageAttribute>()?.EventId)
            .OfType<int>();
        Assert.Equal(declared, logged.Order());
    }
}
