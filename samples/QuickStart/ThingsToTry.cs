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

            Change appsettings.json and the routes change with it. Ctrl+C ends it.
            """);
    }
}
