using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;

namespace GatewayKit.Auditing;

/// <summary>Stands in front of everything, because records also tell of what host middleware refuses and of what matches nothing. Where nothing is recorded it is one look at a field.</summary>
internal sealed class AuditHook(AuditTrail trail) : IStartupFilter
{
    public Action<IApplicationBuilder> Configure(Action<IApplicationBuilder> next) => app =>
    {
        app.Use(inner => context => trail.ServeAsync(context, inner));
        next(app);
    };
}
