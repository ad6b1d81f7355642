namespace QuickStart;

/// <summary>What to try, with the address that the app really listens at.</summary>
internal static class ThingsToTry
{
    public static void Print(WebApplication app)
    {
        if (app.Urls.FirstOrDefault() is not { } url)
        {
            return;
        }

        var partners = app.Services.GetRequiredService<Partners>();
        Console.WriteLine($$"""
            The gateway listens on {{url}}. In another shell, try:

              curl {{url}}/
                  an endpoint of the app itself
              curl {{url}}/catalog/items/1
                  a route of appsettings.json to the catalog service; transforms take away the prefix and add a header
              curl {{url}}/stock/lamp
                  a route in code to the same service
              curl -d '{ "id": "7", "name": "chair" }' -H 'Content-Type: application/json' {{url}}/orders
                  a request with a body to the orders service
              curl -s -o /dev/null -w '%{http_code}\n' '{{url}}/orders/[1-5]'
                  throttled: 200 for the first three, then 429 until a second has passed
              curl -i '{{url}}/report?[1-2]'
                  the app's own endpoint, throttled too: the second request is told when to come again
              curl -s -o /dev/null -w '%{http_code}\n' -H 'X-Api-Key: {{partners.Globex.Reveal()}}' '{{url}}/partners/items/[1-5]'
                  a partner with a small plan: 200 for the first three, then 429
              curl -s -o /dev/null -w '%{http_code}\n' -H 'X-Api-Key: {{partners.Acme.Reveal()}}' '{{url}}/partners/items/[1-5]'
                  one with a large plan: 200 for all; without a key, 401
              curl -H 'X-Api-Key: {{partners.Globex.Reveal()}}' {{url}}/me
                  what that partner may call, what is left of its plan and when there is more; asking takes nothing of it
              tail -qn 2 {{Path.Combine(app.Environment.ContentRootPath, "audit")}}/*/*/*.gkal
                  the record of the latest of these: who asked for what, and what came of it
              curl -Z --no-progress-meter --parallel-immediate --parallel-max 200 -o /dev/null -w '%{http_code} in %{time_total} s\n' '{{url}}/reports/[1-1000]' | sort | uniq -cw3
                  a peak of 200 at once for a service that makes eight reports at a time: 200 for what it can do, 503 at once for the rest
              curl {{url}}/reports/most
                  how much of it the service felt

            Change appsettings.json and the routes change with it. Ctrl+C ends it.
            """);
        if (app.Environment.IsDevelopment())
        {
            PrintKillAndRevive(url);
        }
    }

    private static void PrintKillAndRevive(string url) => Console.WriteLine($$"""

        Kill one of the three catalog services and watch. No request fails:

          while sleep 0.1; do curl -sS {{url}}/catalog/who; done
              which of them answers, again and again; in yet another shell:
          curl -X POST {{url}}/demo/catalog-b/kill
              ends one as a crash would; /demo/catalog-b/revive starts it again
          curl {{url}}/demo
              what the gateway knows of each: its circuit opens, and closes step by step after the revival; the log below tells each step
        """);
}
